"""How concentrated usage is: by model, by organisation, by country."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

LEVELS = ("model", "organisation", "country")


def _index(name: str, doc: str, nullable: bool = False) -> Column:
    return Column(name, Kind.NUMBER, doc, unit="points", nullable=nullable, minimum=0, maximum=10_000)


def _share(name: str, doc: str, nullable: bool = False) -> Column:
    return replace(fields.share, name=name, doc=doc, nullable=nullable, brief=nullable)


CONCENTRATION_WEEK = Table(
    name="concentration_week",
    doc="One row a week, method, knowledge and level. The Herfindahl-Hirschman index (HHI) is the sum of squared "
    "percentage shares: 10,000 where one holds everything. By country, the bounds are the extremes over every way to "
    "decide the contested headquarters.",
    key=("week_start", "method", "knowledge", "level"),
    ordered=(
        ("hhi_lo", "hhi"),
        ("hhi", "hhi_hi"),
        ("top1_share_lo", "top1_share"),
        ("top1_share", "top1_share_hi"),
        ("top3_share_lo", "top3_share"),
        ("top3_share", "top3_share_hi"),
    ),
    summary="HHI and largest shares by model, organisation, country",
    columns=(
        fields.week_start,
        fields.method,
        fields.knowledge,
        Column("level", Kind.TEXT, "What shares are of.", values=LEVELS, brief=True),
        Column("entities", Kind.INTEGER, "How many hold a share.", minimum=0, brief=True),
        replace(_index("hhi", "HHI of what is attributed.", nullable=True), brief=True),
        _index("hhi_lo", "HHI if the unattributed were spread over ever so many others."),
        _index("hhi_hi", "HHI if the largest had everything unattributed."),
        _share("top1_share", "The largest one's share of what is attributed.", nullable=True),
        _share("top1_share_lo", "Its share of the total."),
        _share("top1_share_hi", "Its share of the total if it had everything unattributed."),
        _share("top3_share", "The three largest ones' share of what is attributed.", nullable=True),
        _share("top3_share_lo", "Their share of the total."),
        _share("top3_share_hi", "Their share of the total if they had everything unattributed."),
        fields.status,
        fields.as_of,
    ),
)
