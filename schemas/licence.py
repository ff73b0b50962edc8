"""What has to stand beside the source's figures wherever they go."""

SOURCE_TITLE = "OpenRouter rankings"
SOURCE_URL = "https://openrouter.ai/rankings"
LICENCE = "CC-BY-4.0"
LICENCE_TITLE = "Creative Commons Attribution 4.0 International"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"

CAVEAT = "Tokens of different providers' tokenizers are not strictly comparable."


def attribution_line(as_of: str) -> str:
    """The line that CC BY 4.0 asks for; as_of: the figures' vintage, in words."""
    return f"Source: OpenRouter (openrouter.ai/rankings), as of {as_of}. Licensed under CC BY 4.0."
