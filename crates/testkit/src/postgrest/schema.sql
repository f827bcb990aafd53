-- What there is in the exposed schemas ($1): tables with their columns, keys, and functions, as one JSON document.
select json_build_object(
  'tables', (
    select coalesce(json_agg(json_build_object(
      'schema', n.nspname,
      'name', c.relname,
      'is_view', c.relkind in ('v', 'm', 'f'),
      'columns', (
        select coalesce(json_agg(json_build_object(
          'name', a.attname,
          'type', format_type(a.atttypid, a.atttypmod),
          'default', case
            when a.attidentity <> '' then format(
              'nextval(%L::regclass)',
              pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)
            )
            when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid)
          end
        ) order by a.attnum), '[]')
        from pg_attribute a
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      )
    )), '[]')
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname = any($1::text[])
  ),
  'keys', (
    select coalesce(json_agg(json_build_object(
      'name', k.conname,
      'kind', k.contype,
      'schema', n.nspname,
      'table', c.relname,
      'columns', (
        select json_agg(a.attname order by number)
        from unnest(k.conkey) with ordinality as part(attnum, number)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = part.attnum
      ),
      'target', t.relname,
      'target_columns', (
        select json_agg(a.attname order by number)
        from unnest(k.confkey) with ordinality as part(attnum, number)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = part.attnum
      )
    ) order by k.conname), '[]')
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_class t on t.oid = k.confrelid and t.relnamespace = c.relnamespace
    where k.contype in ('p', 'u', 'f') and n.nspname = any($1::text[]) and (k.contype <> 'f' or t.oid is not null)
  ),
  'functions', (
    select coalesce(json_agg(json_build_object(
      'schema', n.nspname,
      'name', p.proname,
      'is_set', p.proretset,
      'is_void', p.prorettype = 'void'::regtype,
      'is_composite', t.typtype = 'c' or coalesce(p.proargmodes::text[] && '{t,b,o}', false),
      'table', r.relname,
      'parameters', (
        select coalesce(json_agg(json_build_object(
          'name', coalesce(p.proargnames[number], ''),
          'type', format_type(type, null),
          'is_required', number <= p.pronargs - p.pronargdefaults,
          'is_variadic', p.proargmodes[number] = 'v'
        ) order by number), '[]')
        from unnest(p.proargtypes::oid[]) with ordinality as parameter(type, number)
      )
    ) order by p.oid), '[]')
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_type t on t.oid = p.prorettype
    left join pg_class r on r.oid = t.typrelid and r.relnamespace = n.oid and r.relkind in ('r', 'p', 'v', 'm', 'f')
    where p.prokind = 'f' and n.nspname = any($1::text[])
  )
)::text
