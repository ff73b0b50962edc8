"""What has to stand beside the source's figures wherever they go."""

CAVEAT = "Tokens of different providers' tokenizers are not strictly comparable."


def attribution_line(as_of: str) -> str:
    """The line that CC BY 4.0 asks for; as_of: the figures' vintage, in words."""
    return f"Source: OpenRouter (openrouter.ai/rankings), as of {as_of}. Licensed under CC BY 4.0."
