import { X509Certificate } from "node:crypto";
import { expect, it } from "vitest";
import { makeAuthority } from "./certificates.ts";

const fromMs = Date.parse("2026-01-01T00:00:00Z");

it("an authority issues certificates for names and addresses, for its time, and signs nothing else with them", () => {
  const authority = makeAuthority({ name: "countersign", fromMs, days: 365 });
  const ca = new X509Certificate(authority.ca);
  const { cert: pem, key } = authority.issue("validator-1", "validator", "127.0.0.1");
  const cert = new X509Certificate(pem);
  expect([ca.ca, cert.ca, cert.verify(ca.publicKey), cert.checkIssued(ca)]).toEqual([true, false, true, true]);
  expect(cert.subjectAltName).toBe("DNS:validator-1, DNS:validator, IP Address:127.0.0.1");
  expect([cert.validFromDate, cert.validToDate].map((date) => date.toISOString())).toEqual([
    "2026-01-01T00:00:00.000Z",
    "2027-01-01T00:00:00.000Z",
  ]);
  expect(cert.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  expect(Buffer.from(key).toString()).toContain("BEGIN PRIVATE KEY");
  expect(cert.verify(new X509Certificate(makeAuthority({ name: "countersign", fromMs, days: 1 }).ca).publicKey)).toBe(
    false,
  );
});

it("a certificate that outlives 2049 says so", () => {
  const { ca } = makeAuthority({ name: "countersign", fromMs, days: 30 * 365 });
  expect(new X509Certificate(ca).validToDate.toISOString()).toBe("2055-12-25T00:00:00.000Z");
});
