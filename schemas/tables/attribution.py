"""The dimension as it was used: whose each model was in each week."""

from dataclasses import replace

from schemas import fields
from schemas.table import Column, Kind, Table

ATTRIBUTION = Table(
    name="attribution",
    doc="One row a week, knowledge and model: the organisation and country it counts for, and why.",
    key=("week_start", "knowledge", "model_permaslug"),
    summary="each model's country, as known then and now, and why",
    columns=(
        fields.week_start,
        fields.knowledge,
        fields.model_permaslug,
        fields.author,
        fields.organisation,
        fields.country_code,
        fields.base_country,
        replace(fields.attribution, brief=True),
        Column(
            "confidence",
            Kind.TEXT,
            "How sure the fact about the model or its author is, where there is a grade.",
            nullable=True,
            values=fields.CONFIDENCES,
        ),
        Column("known_from", Kind.DATE, "The day on which that fact became known.", nullable=True),
        Column("reason", Kind.TEXT, "The reason that the reference files give.", nullable=True),
        fields.as_of,
        fields.contested_by,
    ),
    version=2,
)
