"""Whose rows this session may touch, as the site tells it (`config/tenancy.py`); policies ask these two.

The policies themselves are put up by `manage.py secure_database`, which follows the models.
"""

from django.db import migrations

SCOPE = """
CREATE FUNCTION tenancy_is_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('app.community', true), '') = '*'
$$;
CREATE FUNCTION tenancy_community() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('app.community', true) ~ '^[0-9]+$'
        THEN current_setting('app.community', true)::bigint END
$$;
"""
GONE = "DROP FUNCTION tenancy_is_all(); DROP FUNCTION tenancy_community();"


class Migration(migrations.Migration):
    dependencies = [("community", "0009_roles")]

    operations = [migrations.RunSQL(SCOPE, GONE)]
