/** The adapter against the paper exchange as a real process; the network between them loses what the test says. */
import { request } from "node:http";
import { TimeInForce } from "@countersign/contracts";
import { API_KEY, newOrder } from "@countersign/venue-paper/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NetScene } from "../../../test/net-scene.ts";
import { cancelCommand, config, instruments, intentOf, orderOf } from "../../../test/world.ts";
import { openNetworkVenue } from "./network.ts";

const address = { name: "paper", url: "http://127.0.0.1:1", apiKey: () => "k", earlierUntilMs: 0 };

describe("the request", () => {
  it("says every field of the order in the bytes that are written", () => {
    const venue = openNetworkVenue(address);
    for (const fields of [{}, { quantity: { units: 100n, scale: 2 }, timeInForce: TimeInForce.IOC }]) {
      const order = orderOf(intentOf(fields));
      const asked = venue.toVenueRequest(order, { nowMs: 1, validUntilMs: 2 });
      expect(venue.orderIn(asked)).toEqual(order);
      expect(JSON.parse(asked.body)).toMatchObject({ clOrdID: order.clientOrderId, validUntilMs: 2 });
    }
  });

  it("goes to no address that is none", () => {
    expect(() => openNetworkVenue({ ...address, url: "nowhere" })).toThrow(
      expect.objectContaining({ code: "BAD_VENUE_ADDRESS" }),
    );
    expect([config.mode, instruments.size]).toEqual(["paper", 3]);
  });
});

describe("over the network", () => {
  let scene: NetScene;
  beforeEach(async () => {
    scene = await NetScene.open();
  });
  afterEach(() => scene.close());

  const fillable = () => scene.exchange.quote("AAPL", "189.70", "189.80", "40");
  const place = (clOrdID: string) =>
    new Promise<void>((resolve, reject) => {
      const order = newOrder({ clOrdID, symbol: "AAPL", price: "190.00" });
      const headers = { "x-api-key": API_KEY };
      request(`${scene.exchange.url}/v1/orders`, { method: "POST", headers }, (answer) =>
        answer.resume().on("end", resolve),
      )
        .on("error", reject)
        .end(JSON.stringify(order));
    });

  it("says what keeps it from the venue", async () => {
    const { line } = scene.rig.execution;
    await scene.ready();
    await scene.exchange.kill();
    await scene.until(() => line?.whyNot() !== undefined);
    expect(line?.whyNot()).toMatch(/the user stream is down: \S/);
    await scene.restartExchange();
    await scene.ready();
  });

  it("an order is accepted, filled in parts and canceled; each trade reaches the core once", async () => {
    await scene.ready();
    const id = scene.submit("one");
    await scene.until(() => scene.outcomes(id).includes("NEW"));
    fillable();
    fillable();
    await scene.until(() => scene.fills.length === 2);
    scene.rig.decide(cancelCommand("one"));
    scene.rig.settle();
    await scene.until(() => scene.outcomes(id).at(-1) === "CANCELED CANCELED");
    expect(scene.fills).toEqual(scene.trades());
    expect(scene.rig.state.executedThrough).toEqual({ paper: scene.fills.at(-1) });
    expect(scene.rig.said("order.filled")).toMatchObject([
      { quote: { symbol: "AAPL" } },
      { commission: { units: 20n } },
    ]);
  });

  it("nothing is taken before the venue has said what it knows: RECONCILING, and the gate VENUE_NOT_READY", async () => {
    const early = scene.submit("early");
    expect(scene.outcomes(early)).toEqual(["REJECTED RECONCILING"]);
    await scene.ready();
    const late = scene.accept("late");
    scene.proxy.cut();
    await scene.until(() => scene.outcomes(late).includes("REJECTED VENUE_NOT_READY"));
    expect(scene.proxy.placed).toBe(0);
  });

  describe("a submit whose answer is lost", () => {
    it("is adopted when the venue knows the order", async () => {
      await scene.ready();
      scene.proxy.weather = "lose-answers";
      const id = scene.submit("one");
      await scene.until(() => scene.outcomes(id).includes("NEW"));
      fillable();
      await scene.until(() => scene.fills.length === 1);
      expect([scene.proxy.placed, scene.record.length]).toEqual([1, 2]);
    });

    it("is NOT_SENT when the venue does not know it after its validity window, and not before; it is not sent again", async () => {
      await scene.ready();
      scene.proxy.weather = "lose-requests";
      const sentMs = Date.now();
      const id = scene.submit("one");
      await scene.until(() => scene.outcomes(id).length > 0);
      expect(scene.outcomes(id)).toEqual(["NOT_SENT NOT_SENT"]);
      expect(Date.now() - sentMs).toBeGreaterThan(3_000);
      expect([scene.proxy.placed, scene.record.length]).toEqual([1, 0]);
    });

    it("stays in doubt while the venue is dead, and is what the venue says when it is back: killed after it had accepted", async () => {
      await scene.ready();
      scene.proxy.weather = "lose-answers";
      const id = scene.submit("one");
      await scene.until(() => scene.record.length === 1);
      await scene.exchange.kill();
      expect(scene.outcomes(id)).not.toContain("NOT_SENT NOT_SENT");
      await scene.restartExchange();
      await scene.until(() => scene.outcomes(id).includes("NEW"));
      expect([scene.proxy.placed, scene.record.length]).toEqual([1, 1]);
    });

    it("is rejected by a venue that stood still until its window had passed, and never executed", async () => {
      await scene.ready();
      scene.exchange.freeze();
      const id = scene.submit("one");
      await new Promise((resolve) => setTimeout(resolve, 3_300));
      scene.exchange.thaw();
      await scene.until(() => scene.outcomes(id).length > 0);
      expect(["REJECTED EXPIRED_WINDOW", "NOT_SENT NOT_SENT"]).toContain(scene.outcomes(id)[0]);
      fillable();
      await scene.ready();
      expect([scene.proxy.placed, scene.trades(), scene.fills]).toEqual([1, [], []]);
    });
  });

  it("a cancel does not overtake its order", async () => {
    await scene.ready();
    scene.proxy.weather = "lose-answers";
    const id = scene.submit("one");
    scene.rig.decide(cancelCommand("one"));
    scene.rig.settle();
    await scene.until(() => scene.outcomes(id).at(-1) === "CANCELED CANCELED");
    expect(scene.record.map(({ execType }) => execType)).toEqual(["NEW", "CANCELED"]);
  });

  it("a fill that happened while Execution was down is found, and booked once", async () => {
    await scene.ready();
    const id = scene.submit("one");
    await scene.until(() => scene.outcomes(id).includes("NEW"));
    fillable();
    await scene.until(() => scene.fills.length === 1);
    scene.rig.kill();
    fillable();
    await scene.until(() => scene.trades().length === 2);
    scene.restartExecution();
    expect(scene.rig.state.reconciling).toBe(true);
    await scene.ready();
    expect(scene.fills).toEqual(scene.trades());
    scene.restartExecution();
    await scene.ready();
    fillable();
    await scene.until(() => scene.outcomes(id).at(-1) === "FILLED");
    expect(scene.fills).toEqual(scene.trades());
    expect(scene.rig.state.book.positions.AAPL?.quantity.units).toBe(100n);
    expect(scene.rig.state.closed).toEqual([]);
  });

  it("what was accepted and not written ends NOT_SENT, when no request of the process before can arrive any more", async () => {
    await scene.ready();
    const id = scene.accept("one");
    const before = Date.now();
    scene.restartExecution();
    await scene.until(() => scene.outcomes(id).length > 0);
    expect(scene.outcomes(id)).toEqual(["NOT_SENT NOT_SENT"]);
    expect(Date.now() - before).toBeGreaterThan(3_000);
    expect(scene.record).toEqual([]);
  });

  it("the venue dies and comes back: nothing is lost, nothing is told twice, and trading goes on", async () => {
    await scene.ready();
    const one = scene.submit("one");
    await scene.until(() => scene.outcomes(one).includes("NEW"));
    await scene.exchange.kill();
    await scene.until(() => scene.rig.state.reconciling);
    await scene.restartExchange();
    fillable();
    await scene.ready();
    fillable();
    fillable();
    await scene.until(() => scene.outcomes(one).at(-1) === "FILLED");
    const two = scene.submit("two");
    await scene.until(() => scene.outcomes(two).includes("NEW"));
    expect(scene.fills).toEqual(scene.trades());
  });

  it("an order at the venue that is not ours is canceled and closes the account; so does its fill", async () => {
    scene.rig.kill();
    await place("stranger");
    scene.restartExecution();
    await scene.until(() => scene.rig.state.closed.length > 0);
    expect(scene.rig.state.closed).toMatchObject([{ code: "ORDER_UNEXPLAINED" }]);
    await scene.until(() => scene.record.at(-1)?.execType === "CANCELED");
    await place("another");
    fillable();
    await scene.until(() => scene.rig.alerts.includes("FILL_UNEXPLAINED"));
    expect(scene.fills).toEqual([]);
    expect(scene.outcomes(scene.submit("one"))).toEqual(["REJECTED ACCOUNT_CLOSED"]);
  });
});
