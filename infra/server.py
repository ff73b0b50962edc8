"""Prefect's command line, for a server on SQLite whose transactions wait for their turn.

Much of what the server does reads first and then writes, in one transaction. SQLite lets such a one wait only where it
says from the start that it will write; else it ends with "database is locked" as soon as another writes in between,
and Prefect prints that at length and tries again. The automations count every event that way. PostgreSQL needs none
of this.
"""

from contextlib import AbstractAsyncContextManager

from prefect.cli import app
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


class InTurn(AioSqliteConfiguration):
    """Prefect's SQLite, in which every transaction says that it will write."""

    def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = False,  # noqa: ARG002
    ) -> AbstractAsyncContextManager[AsyncSessionTransaction]:
        return super().begin_transaction(session, with_for_update=True)


if __name__ == "__main__":
    import prefect.server.database.dependencies as database

    database.AioSqliteConfiguration = InTurn
    app()
