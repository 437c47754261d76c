from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_team_page")]

    operations = [
        migrations.AddField(
            model_name="team",
            name="two_step_required",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
