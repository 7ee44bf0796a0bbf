import { expect, it } from "vitest";
import { makeSecret, requireSecret, signEvent } from "./signEvent.ts";

it("signs as Standard Webhooks does, by its own example", () => {
  const headers = signEvent(
    { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: '{"test": 2432232314}', now: 1_614_265_330_999 },
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  );
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

it("signs once for each secret, while there are two", () => {
  const secrets = [makeSecret(), makeSecret()];
  const signature = signEvent({ id: "a", body: "{}", now: 0 }, secrets)["webhook-signature"] ?? "";
  const alone = secrets.map((secret) => signEvent({ id: "a", body: "{}", now: 0 }, [secret])["webhook-signature"]);
  expect(signature.split(" ")).toEqual(alone);
  expect(new Set(alone).size).toBe(2);
});

it.each(["", "whsec_", "whsec_c2hvcnQ=", "c2hvcnQ=", `whsec_${"A".repeat(200)}`, `whsec_${"?".repeat(40)}`])(
  "takes no secret like %j",
  (secret) => {
    expect(() => requireSecret(secret)).toThrow(/24 to 64 bytes/);
  },
);

it("takes a secret that it would have made", () => {
  const secret = makeSecret();
  expect(requireSecret(secret)).toBe(secret);
});
