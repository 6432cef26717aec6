import { describe, expect, it } from "vitest";
import { formatAddress, isLoopback, parseAddress, targetOf } from "./addresses.ts";

const BAD = expect.objectContaining({ name: "GrpcError", code: "BAD_ADDRESS" });

describe("an address", () => {
  it.each(["127.0.0.1:4001", "policy.trading.svc:4001", "[::1]:65535", "0.0.0.0:0"])(
    "%s is read and written",
    (text) => {
      expect(formatAddress(parseAddress(text))).toBe(text);
    },
  );

  it.each(["", "127.0.0.1", ":4001", "::1:4001", "[policy]:4001", "a:65536", "a:b", "http://a:1", "a:1,b:2", "a b:1"])(
    "'%s' is none",
    (text) => {
      expect(() => parseAddress(text)).toThrow(BAD);
    },
  );

  it.each([
    ["127.0.0.1:1", true],
    ["127.9.9.9:1", true],
    ["[::1]:1", true],
    ["0.0.0.0:1", false],
    ["[::]:1", false],
    ["10.0.0.1:1", false],
    ["localhost:1", false],
  ])("%s is loopback: %s", (text, expected) => {
    expect(isLoopback(parseAddress(text))).toBe(expected);
  });
});

describe("the target of a server", () => {
  it("is one name, or a list of numbers", () => {
    expect(targetOf("policy", ["policy:4001"])).toBe("dns:policy:4001");
    expect(targetOf("policy", ["127.0.0.1:1", "127.0.0.1:2"])).toBe("ipv4:127.0.0.1:1,127.0.0.1:2");
    expect(targetOf("policy", ["[::1]:1", "[::1]:2"])).toBe("ipv6:[::1]:1,[::1]:2");
  });

  it.each([[[]], [["127.0.0.1:0"]], [["a:1", "b:2"]], [["127.0.0.1:1", "[::1]:2"]]])(
    "is refused of %j",
    (addresses) => {
      expect(() => targetOf("policy", addresses)).toThrow(BAD);
    },
  );
});
