/**
 * The tables of one agent, in a schema of its own, and the one function that is a decision's transaction. A function, so that a commit
 * costs one round trip and one fsync whatever it holds.
 *
 * Streams count from 1 without gaps, which the primary key cannot say; `commit_decision` compares with the last one under the lock of
 * the aggregate or, for streams without one, fails on the key and reports a conflict.
 *
 * Every commit takes its locks in one order: table after table as below, within a table by id (chains and streams come sorted). So two
 * commits wait for each other at most one way round, and replicas that write the same ids cannot deadlock.
 */
import type { Migration } from "@countersign/postgres";

export function storeMigrations(schema: string): readonly Migration[] {
  return [{ id: "0001-store", sql: tables(schema) }];
}

const tables = (schema: string) => `
create table ${schema}.inbox (
  msg_id text primary key,
  digest bytea not null,
  answer bytea,
  at timestamptz not null default now()
);
create table ${schema}.aggregates (
  key text primary key,
  version bigint not null,
  state text not null
);
create table ${schema}.claims (
  id text primary key,
  by text not null
);
create table ${schema}.timers (
  id text primary key,
  key text not null,
  due_ms bigint not null,
  data text not null,
  correlation_id text not null
);
create table ${schema}.chains (
  topic text not null,
  key text not null,
  seq bigint not null,
  digest bytea not null,
  primary key (topic, key)
);
create table ${schema}.streams (
  stream text not null,
  seq bigint not null,
  bytes bytea not null,
  primary key (stream, seq)
);
create table ${schema}.outbox (
  position bigint generated always as identity primary key,
  msg_id text not null unique,
  kind text not null,
  topic text not null,
  key text not null,
  seq bigint,
  bytes bytea not null,
  call_id text,
  at timestamptz not null default now(),
  published boolean not null default false
);
create index inbox_at on ${schema}.inbox using brin (at);
create index outbox_at on ${schema}.outbox using brin (at);
create index outbox_unpublished on ${schema}.outbox (kind, position) where not published;
create table ${schema}.journal (
  n bigint generated always as identity primary key,
  entry text not null,
  at timestamptz not null default now()
);
create table ${schema}.snapshot (
  id boolean primary key default true check (id),
  json text not null
);

-- Answers one row: kind, and on whom or what. Anything but 'committed' has written nothing: the caller rolls nothing back, because
-- every refusal is raised before the first write or undone by the exception block.
create function ${schema}.commit_decision(
  inbox_ids text[], inbox_digests bytea[], inbox_answers bytea[],
  claim_ids text[], claims_by text[],
  agg_key text, agg_version bigint, agg_state text,
  chain_topics text[], chain_keys text[], chain_was bigint[], chain_seqs bigint[], chain_digests bytea[],
  timer_ids text[], timer_keys text[], timer_dues bigint[], timer_data text[], timer_correlations text[], cancelled text[],
  stream_names text[], stream_seqs bigint[], stream_bytes bytea[],
  out_ids text[], out_kinds text[], out_topics text[], out_keys text[], out_seqs bigint[], out_bytes bytea[], out_calls text[],
  journal_entries text[], snapshot_json text, published_ids text[]
) returns table (kind text, about text, by text, found_digest bytea, found_answer bytea)
language plpgsql as $$
declare
  n int;
begin
  if cardinality(inbox_ids) > 0 then
    insert into ${schema}.inbox (msg_id, digest, answer)
      select * from unnest(inbox_ids, inbox_digests, inbox_answers) order by 1 on conflict do nothing;
    get diagnostics n = row_count;
    if n < cardinality(inbox_ids) then raise exception using errcode = 'CS001'; end if;
  end if;
  if cardinality(claim_ids) > 0 then
    insert into ${schema}.claims (id, by) select * from unnest(claim_ids, claims_by) order by 1 on conflict do nothing;
    get diagnostics n = row_count;
    if n < cardinality(claim_ids) then raise exception using errcode = 'CS002'; end if;
  end if;
  if agg_key is not null then
    if agg_version = 0 then
      insert into ${schema}.aggregates (key, version, state) values (agg_key, 1, agg_state) on conflict do nothing;
    else
      update ${schema}.aggregates set version = agg_version + 1, state = agg_state where key = agg_key and version = agg_version;
    end if;
    get diagnostics n = row_count;
    if n = 0 then raise exception 'aggregate %', agg_key using errcode = 'CS003'; end if;
  end if;
  for i in 1 .. coalesce(cardinality(chain_topics), 0) loop
    if chain_was[i] = 0 then
      insert into ${schema}.chains values (chain_topics[i], chain_keys[i], chain_seqs[i], chain_digests[i]) on conflict do nothing;
    else
      update ${schema}.chains set seq = chain_seqs[i], digest = chain_digests[i]
        where topic = chain_topics[i] and key = chain_keys[i] and seq = chain_was[i];
    end if;
    get diagnostics n = row_count;
    if n = 0 then raise exception 'chain % %', chain_topics[i], chain_keys[i] using errcode = 'CS003'; end if;
  end loop;
  -- The arrays of ids below need no order: the planner sorts what it looks up in an index, and walks a table in the order of its rows.
  if cardinality(cancelled) > 0 then delete from ${schema}.timers where id = any (cancelled); end if;
  if cardinality(timer_ids) > 0 then
    insert into ${schema}.timers select * from unnest(timer_ids, timer_keys, timer_dues, timer_data, timer_correlations) order by 1
      on conflict (id) do update set key = excluded.key, due_ms = excluded.due_ms, data = excluded.data,
        correlation_id = excluded.correlation_id;
  end if;
  for i in 1 .. coalesce(cardinality(stream_names), 0) loop
    -- Only right behind the last one: a stream has no gaps.
    insert into ${schema}.streams select stream_names[i], stream_seqs[i], stream_bytes[i]
      where stream_seqs[i] = 1 or exists
        (select from ${schema}.streams s where s.stream = stream_names[i] and s.seq = stream_seqs[i] - 1)
      on conflict do nothing;
    get diagnostics n = row_count;
    if n = 0 then raise exception 'stream %', stream_names[i] using errcode = 'CS003'; end if;
  end loop;
  if cardinality(out_ids) > 0 then
    -- In the order given: it is the order of their effects. An id that is there was made of the same cause by another replica.
    insert into ${schema}.outbox (msg_id, kind, topic, key, seq, bytes, call_id)
      select * from unnest(out_ids, out_kinds, out_topics, out_keys, out_seqs, out_bytes, out_calls) on conflict do nothing;
    get diagnostics n = row_count;
    if n < cardinality(out_ids) then raise exception 'outbox' using errcode = 'CS003'; end if;
  end if;
  if cardinality(journal_entries) > 0 then
    insert into ${schema}.journal (entry) select * from unnest(journal_entries);
  end if;
  if snapshot_json is not null then
    insert into ${schema}.snapshot (json) values (snapshot_json) on conflict (id) do update set json = excluded.json;
  end if;
  if cardinality(published_ids) > 0 then update ${schema}.outbox set published = true where msg_id = any (published_ids); end if;
  return query select 'committed', null::text, null::text, null::bytea, null::bytea;
exception
  when sqlstate 'CS001' then
    return query select 'duplicate', i.msg_id, null::text, i.digest, i.answer
      from ${schema}.inbox i where i.msg_id = any (inbox_ids) order by array_position(inbox_ids, i.msg_id) limit 1;
  when sqlstate 'CS002' then
    return query select 'claimed', c.id, c.by, null::bytea, null::bytea
      from ${schema}.claims c where c.id = any (claim_ids) order by array_position(claim_ids, c.id) limit 1;
  when sqlstate 'CS003' then
    return query select 'conflict', sqlerrm, null::text, null::bytea, null::bytea;
end
$$;
`;
