"""Table -> Great Expectations suite. Great Expectations takes seconds to import: import this module late."""

from collections.abc import Iterator

import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation

from schemas.table import Column, Table


def suite(table: Table) -> gx.ExpectationSuite:
    """Everything that the table's definition says of its values, as expectations: critical, or warnings.

    What it says of columns, types, empty values, keys and row order is checked in Polars before: `Table.problems`.
    """
    expectations: list[Expectation] = [each for column in table.columns for each in _expectations(column)]
    expectations += [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=high,
            column_B=low,
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity=severity,
        )
        for severity, pairs in (("critical", table.ordered), ("warning", table.usual))
        for low, high in pairs
    ]
    return gx.ExpectationSuite(name=table.name, expectations=expectations)


def _expectations(column: Column) -> Iterator[Expectation]:
    """Checks of one column, all of which pass over nulls."""
    if column.values:
        yield gxe.ExpectColumnValuesToBeInSet(
            column=column.name, value_set=list(column.values), severity="critical"
        )
    if column.pattern:
        yield gxe.ExpectColumnValuesToMatchRegex(
            column=column.name, regex=column.pattern, severity="critical"
        )
    if column.usual:
        yield gxe.ExpectColumnValuesToBeInSet(
            column=column.name, value_set=list(column.usual), severity="warning"
        )
    if column.minimum is not None or column.maximum is not None:
        yield gxe.ExpectColumnValuesToBeBetween(
            column=column.name, min_value=column.minimum, max_value=column.maximum, severity="critical"
        )
