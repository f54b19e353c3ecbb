"""``mailbot migrate-database``: an installation outgrows its one machine."""

import click


@click.argument("source", metavar="SQLITE-URL")
@click.argument("target", metavar="POSTGRES-URL")
def migrate_database(source: str, target: str) -> None:
    """Move a stopped installation from SQLite to PostgreSQL, where several machines can share it.

    Such as `mailbot migrate-database sqlite:////var/lib/mailbot/mailbot.sqlite postgresql+psycopg://mailbot@db/mailbot`.
    The PostgreSQL database must be there and empty. All of it is one transaction: if it does not come to its end the
    PostgreSQL database is as empty as before. The SQLite file is not changed.
    """
    from mailbot.adapters.store.moving import move

    moved = move(source, target)
    for table, rows in moved.items():
        click.echo(f"{table:<14}{rows:>8} row(s)")
    click.echo(
        "everything is moved. Now write into the configuration of each machine, under [service]:\n"
        '    database = "postgresql+psycopg://…"    (the second URL that you have just typed)\n'
        "then `mailbot check` and start it. Keep the SQLite file as a backup, but let no mailbot start on it again: "
        "it would answer people a second time."
    )
