/**
 * A trading floor for the promises: Policy and Execution in their hosts, three validators, two persons, a market, put together as
 * platform/src/embedded.ts does it; but in the proposers' place sits the test, and says what they would say, with their keys.
 */
import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { type Ceiling, type Execution, type ExecutionState, makeExecution } from "@countersign/agent-execution";
import { type MarketEvent, sealedFeed } from "@countersign/agent-market";
import { makePolicy, type PolicyState, parseLimits, signPermits } from "@countersign/agent-policy";
import { makeValidator, type Validator } from "@countersign/agent-validator";
import { LocalBus } from "@countersign/bus";
import {
  HaltRequestSchema,
  type HaltResponse,
  KeyPurpose,
  Mode,
  OrderCommandSchema,
  ProposeRequestSchema,
  SignedSchema,
  type SubmitOrder,
  schemaOf,
  topics,
  ValidateRequestSchema,
} from "@countersign/contracts";
import { deriveMsgId, type EnvelopeBody, openEnvelope, type Signer, seal } from "@countersign/envelope";
import { orderFromIntent, parseInstruments, parseMoney } from "@countersign/orders";
import { FenceReader, genesisDigest, MemoryQuorumLog } from "@countersign/quorum";
import { Host, LocalRpc, payloadOf, type PublishEffect, Teller } from "@countersign/runtime";
import { Scheduler } from "@countersign/time";
import { readFileSync } from "node:fs";
import { authority } from "../../../platform/src/authority-file.ts";
import { Feed } from "../../../platform/src/feed.ts";
import { genesisRequest, VALIDATORS } from "../../../platform/src/genesis.ts";
import { ReplayKeys } from "../../../platform/src/keys.ts";
import { followControl, followQuotes } from "../../../platform/src/listeners.ts";
import { Person } from "../../../platform/src/person.ts";
import { limitsOf } from "./p01-limits.ts";
import { WatchedStore } from "./p01-store.ts";
