"""What was printed, beside what the data say."""

from dataclasses import replace

from schemas import fields
from schemas.reference import CLAIMS as PRINTED
from schemas.table import Column, Kind, Table

VERDICT = r"^(?:reproduced under \w+|true for [\w, /]+ only|consistent|not reproduced|off by a factor of ten|no data)$"

VALUE = Column(
    "value",
    Kind.NUMBER,
    "Our figure where it is not tokens, in the unit of the printed one.",
    nullable=True,
    minimum=0,
)

CLAIMS = Table(
    name="claims",
    doc="One row a printed claim: the method under which it is reproduced or that comes closest, and a verdict.",
    key=("week_start", "claim"),
    summary="published claims checked against our figures, each with a verdict",
    all_weeks=True,
    may_be_empty=True,
    columns=(
        PRINTED["claim"],
        replace(fields.week_start, brief=False),
        replace(PRINTED["country_code"], brief=False),
        replace(PRINTED["metric"], brief=False),
        replace(PRINTED["tokens"], name="tokens_printed", brief=True),
        PRINTED["basis"],
        PRINTED["method_named"],
        Column("verdict", Kind.TEXT, "What the data say of it.", pattern=VERDICT, brief=True),
        replace(fields.optional(fields.method), doc="The method that fits, or comes closest."),
        replace(fields.optional(fields.knowledge), doc="The knowledge under which it does."),
        replace(fields.optional(fields.tokens), doc="Our figure under that method and knowledge."),
        Column(
            "difference",
            Kind.NUMBER,
            "(ours - printed) / printed.",
            unit="fraction",
            nullable=True,
            brief=True,
        ),
        Column("fits", Kind.TEXT, "Every method and knowledge under which it is so.", nullable=True),
        Column("tried", Kind.INTEGER, "How many methods and knowledges were tried.", minimum=0),
        Column("explanation", Kind.TEXT, "What would explain the printed figure.", nullable=True),
        Column("remark", Kind.TEXT, "What a reader should know beside the verdict.", nullable=True),
        PRINTED["wording"],
        PRINTED["source"],
        PRINTED["note"],
        fields.optional(replace(fields.status, brief=False)),
        fields.optional(fields.as_of),
        PRINTED["outlet"],
        PRINTED["published"],
        PRINTED["among"],
        PRINTED["subject"],
        Column(
            "value_printed",
            Kind.NUMBER,
            "The printed figure where it is not tokens: percent of a share, weeks of a streak, times of a ratio.",
            nullable=True,
            minimum=0,
        ),
        VALUE,
    ),
    version=2,
)
CLAIM_VALUE = Table(
    name="claim_value",
    doc="One row a claim, method and knowledge that were tried: our figure, the difference, and who leads.",
    key=("week_start", "claim", "method", "knowledge"),
    summary="our figure for each claim, under every method",
    all_weeks=True,
    may_be_empty=True,
    columns=(
        PRINTED["claim"],
        replace(fields.week_start, brief=False),
        fields.method,
        fields.knowledge,
        replace(fields.optional(fields.tokens), doc="Our figure for what the claim speaks of."),
        Column(
            "difference",
            Kind.NUMBER,
            "(ours - printed) / printed.",
            unit="fraction",
            nullable=True,
            brief=True,
        ),
        replace(fields.optional(fields.country_code), name="leader", doc="The leading country."),
        Column("lead_certain", Kind.FLAG, "Whether it certainly leads.", nullable=True),
        Column("holds", Kind.FLAG, "Whether the claim is so under this method and knowledge.", brief=True),
        fields.as_of,
        VALUE,
        Column(
            "possible",
            Kind.FLAG,
            "Whether it may be so for all that is held: a streak that began before the data, or in a gap.",
            nullable=True,
        ),
    ),
    version=2,
)
