"""The audit trail also knows people who are in no team, and the database itself refuses a change of a line.

The one change that is allowed: a person who is removed leaves `by` empty. Lines go with their team, and no other way.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

CHANGED = {
    "sqlite": "NEW.id IS NOT OLD.id OR NEW.team_id IS NOT OLD.team_id OR NEW.at IS NOT OLD.at "
    "OR NEW.action IS NOT OLD.action OR NEW.subject IS NOT OLD.subject "
    "OR (NEW.by_id IS NOT OLD.by_id AND NEW.by_id IS NOT NULL)",
    "postgresql": "(NEW.id, NEW.team_id, NEW.at, NEW.action, NEW.subject) "
    "IS DISTINCT FROM (OLD.id, OLD.team_id, OLD.at, OLD.action, OLD.subject) "
    "OR (NEW.by_id IS DISTINCT FROM OLD.by_id AND NEW.by_id IS NOT NULL)",
}
REFUSE = {
    "sqlite": [
        "CREATE TRIGGER audit_append_only BEFORE UPDATE ON accounts_auditentry FOR EACH ROW WHEN {changed} "
        "BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only.'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'The audit trail is append-only.'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE ON accounts_auditentry FOR EACH ROW WHEN ({changed}) "
        "EXECUTE FUNCTION audit_append_only()",
    ],
}
ALLOW = {
    "sqlite": ["DROP TRIGGER audit_append_only"],
    "postgresql": [
        "DROP TRIGGER audit_append_only ON accounts_auditentry",
        "DROP FUNCTION audit_append_only()",
    ],
}


def refuse(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    vendor = editor.connection.vendor
    for statement in REFUSE[vendor]:
        editor.execute(statement.replace("{changed}", CHANGED[vendor]))


def allow(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in ALLOW[editor.connection.vendor]:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_usage_wanted_with")]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="team",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="audit",
                to="accounts.team",
            ),
        ),
        migrations.RunPython(refuse, allow),
    ]
