"""Lines of the audit trail say where from, and the database refuses to forget one that is younger than 400 days."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import apps.accounts.request_origin

# Written anew: SQLite loses its triggers with the table that it makes anew.
CHANGED = {
    "sqlite": "NEW.id IS NOT OLD.id OR NEW.team_id IS NOT OLD.team_id OR NEW.at IS NOT OLD.at "
    "OR NEW.action IS NOT OLD.action OR NEW.subject IS NOT OLD.subject "
    "OR NEW.address IS NOT OLD.address OR NEW.browser IS NOT OLD.browser "
    "OR (NEW.by_id IS NOT OLD.by_id AND NEW.by_id IS NOT NULL)",
    "postgresql": "(NEW.id, NEW.team_id, NEW.at, NEW.action, NEW.subject, NEW.address, NEW.browser) "
    "IS DISTINCT FROM (OLD.id, OLD.team_id, OLD.at, OLD.action, OLD.subject, OLD.address, OLD.browser) "
    "OR (NEW.by_id IS DISTINCT FROM OLD.by_id AND NEW.by_id IS NOT NULL)",
}
YOUNG = {
    "sqlite": "OLD.at > datetime('now', '-400 days')",
    "postgresql": "OLD.at > now() - interval '400 days'",
}
REFUSE = {
    "sqlite": "CREATE TRIGGER {name} BEFORE {event} ON accounts_auditentry FOR EACH ROW WHEN {condition} "
    "BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only.'); END",
    "postgresql": "CREATE TRIGGER {name} BEFORE {event} ON accounts_auditentry FOR EACH ROW "
    "WHEN ({condition}) EXECUTE FUNCTION audit_append_only()",
}
ALLOW = {"sqlite": "DROP TRIGGER {name}", "postgresql": "DROP TRIGGER {name} ON accounts_auditentry"}
CHANGES, DELETIONS = "audit_append_only", "audit_stored_for_400_days"


def refuse(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    vendor = editor.connection.vendor
    for name, event, condition in ((CHANGES, "UPDATE", CHANGED), (DELETIONS, "DELETE", YOUNG)):
        editor.execute(REFUSE[vendor].format(name=name, event=event, condition=condition[vendor]))


def allow_changes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute(ALLOW[editor.connection.vendor].format(name=CHANGES))


def allow(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for name in (CHANGES, DELETIONS):
        editor.execute(ALLOW[editor.connection.vendor].format(name=name))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_mail")]

    operations = [
        migrations.RunPython(allow_changes, migrations.RunPython.noop),
        migrations.AddField(
            model_name="auditentry",
            name="address",
            field=models.GenericIPAddressField(default=apps.accounts.request_origin.address, null=True),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="browser",
            field=models.CharField(
                blank=True, db_default="", default=apps.accounts.request_origin.browser, max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="team",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="audit",
                to="accounts.team",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["team", "-id"], name="audit_of_team"),
        ),
        migrations.RunPython(refuse, allow),
    ]
