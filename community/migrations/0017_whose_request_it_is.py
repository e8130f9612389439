"""Whose request it is, and whether it is still to be found out, as the site tells it; walls around people ask these.

The policies themselves are put up by `manage.py secure_database`, which follows the models.
"""

from django.db import migrations

PERSON = """
CREATE FUNCTION tenancy_is_door() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('app.person', true), '') = '*'
$$;
CREATE FUNCTION tenancy_person() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('app.person', true) ~ '^[0-9]+$'
        THEN current_setting('app.person', true)::bigint END
$$;
"""
GONE = "DROP FUNCTION tenancy_is_door(); DROP FUNCTION tenancy_person();"


class Migration(migrations.Migration):
    dependencies = [("community", "0016_the_trail_has_a_floor")]

    operations = [migrations.RunSQL(PERSON, GONE)]
