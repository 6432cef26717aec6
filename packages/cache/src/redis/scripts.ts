/**
 * The two scripts. Redis runs a script alone, so each is atomic over all replicas; each touches one key, so that Redis Cluster runs it too.
 * Numbers become text by `%.0f`: Lua's own way keeps 14 digits, and a time in microseconds has 16.
 */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { ORDER_DIGITS } from "../values.ts";

export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

/**
 * ARGV text, ttlMs, schema with a blank → 1 stored, 0 kept. Orders have one length, so text compares like numbers; a double would merge
 * neighbours above 2^53. What does not expire within the time that we give was written by somebody else, and is overwritten: else a high
 * order in it would lock the key for ever.
 */
export const putForward = script(`
local schema, ttl = ARGV[3], tonumber(ARGV[2])
local function orderOf(text) return string.sub(text, #schema + 1, #schema + ${ORDER_DIGITS}) end
local old = redis.pcall('GET', KEYS[1])
if type(old) == 'string' and string.sub(old, 1, #schema) == schema then
  local order, left = orderOf(old), redis.call('PTTL', KEYS[1])
  local ours = #order == ${ORDER_DIGITS} and not string.find(order, '%D') and left >= 0 and left <= ttl
  if ours and order >= orderOf(ARGV[1]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ttl)
return 1
`);

/**
 * ARGV want, atLeast, perSecond, burst → granted, retryAfterMs, 1 if the key held something else. The sum of `spend` in bucket.ts, by Redis's own clock: those
 * of the replicas differ. Where that clock steps back, a bucket is at worst empty, and full again after the usual time.
 */
export const takeTokens = script(`
local want, atLeast, tokenUs, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), 1e6 / tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1e6 + tonumber(time[2])
local text, full, bad = redis.pcall('GET', KEYS[1]), nil, 0
if text then
  full = type(text) == 'string' and tonumber(string.match(text, '^bucket/1 (%d+)$'))
  if not full then bad = 1 end
end
full = math.min(math.max(full or now, now), math.ceil(now + burst * tokenUs))
local level = burst - (full - now) / tokenUs + 1e-6
local granted = math.min(want, math.max(0, math.floor(level)))
if granted < atLeast then return {0, math.ceil((atLeast - level) * tokenUs / 1000), bad} end
full = math.ceil(full + granted * tokenUs)
redis.call('SET', KEYS[1], string.format('bucket/1 %.0f', full), 'PX', string.format('%.0f', (full - now) / 1000 + 1))
return {granted, 0, bad}
`);

/** By digest; with its text where the server has forgotten it (a restart, SCRIPT FLUSH, another primary). */
export async function run(redis: Redis, { lua, sha1 }: Script, key: string, args: readonly (string | number)[]) {
  try {
    return await redis.evalsha(sha1, 1, key, ...args);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("NOSCRIPT")) return redis.eval(lua, 1, key, ...args);
    throw error;
  }
}

function script(lua: string): Script {
  return { lua, sha1: createHash("sha1").update(lua).digest("hex") };
}
