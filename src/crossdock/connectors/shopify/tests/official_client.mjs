// Shopify's own library for Node speaks with the simulator: signs in, lists and fulfills an order, judges messages.
//
// Run by test_official_client.py, which serves the simulator over TLS. The library knows only https://<shop>.myshopify.com, so the
// transport, and nothing else, leads such addresses to the simulator. What was seen is printed as one JSON object.

import { createServer } from "node:http";
import { once } from "node:events";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { SIM, SHOP, APP, SECRET, MODULES } = process.env;
// Before the library is loaded: it keeps the fetch that it finds then.
const domain = `${SHOP}.myshopify.com`;
const plain = globalThis.fetch;
globalThis.fetch = (address, init) => plain(String(address).replace(`https://${domain}`, `${SIM}/${SHOP}`), init);

const { resolve } = createRequire(pathToFileURL(`${MODULES}/`));
await import(pathToFileURL(resolve("@shopify/shopify-api/adapters/node")));
const { shopifyApi, ApiVersion, LogSeverity } = await import(pathToFileURL(resolve("@shopify/shopify-api")));

const newest = Object.values(ApiVersion).filter((name) => /^\d{4}-\d\d$/.test(name)).sort().at(-1);
const shopify = shopifyApi({
  apiKey: APP,
  apiSecretKey: SECRET,
  scopes: ["read_orders", "read_returns", "write_merchant_managed_fulfillment_orders"],
  hostName: "hub.example.com",
  apiVersion: newest,
  isEmbeddedApp: false,
  logger: { level: LogSeverity.Error },
});
const seen = { version: newest };

// Client credentials of an own app.
const { session } = await shopify.auth.clientCredentials({ shop: domain });
seen.ownApp = { scope: session.scope, lives: session.expires > new Date() };

// Consent in the browser: begin, agree at the platform, come back, renew.
const consent = await new Promise((done, fail) => {
  const server = createServer(async (request, response) => {
    try {
      if (request.url.startsWith("/begin")) {
        await shopify.auth.begin({ shop: domain, callbackPath: "/back", isOnline: false, rawRequest: request, rawResponse: response });
      } else {
        const back = await shopify.auth.callback({ expiring: true, rawRequest: request, rawResponse: response });
        response.end("welcome");
        server.close();
        done(back.session);
      }
    } catch (error) {
      response.end("refused");
      server.close();
      fail(error);
    }
  });
  server.listen(0, "127.0.0.1", async () => {
    try {
      const here = `http://127.0.0.1:${server.address().port}`;
      const browser = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0" }; // a bot is turned away
      const begun = await plain(`${here}/begin`, { redirect: "manual", headers: browser });
      const cookies = begun.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
      const asked = new URL(begun.headers.get("location"));
      const form = new URLSearchParams([...asked.searchParams, ["answer", "approve"]]);
      const agreed = await fetch(`https://${domain}/admin/oauth/authorize`, { method: "POST", body: form, redirect: "manual" });
      const back = new URL(agreed.headers.get("location"));
      await plain(`${here}${back.pathname}${back.search}`, { headers: { ...browser, cookie: cookies, connection: "close" } });
    } catch (error) {
      fail(error);
    }
  });
});
seen.consent = { scope: consent.scope, lives: consent.expires > new Date(), hasRefresh: Boolean(consent.refreshToken) };
const renewed = await shopify.auth.refreshToken({ shop: domain, refreshToken: consent.refreshToken });
seen.renewed = renewed.session.accessToken !== consent.accessToken && renewed.session.refreshToken !== consent.refreshToken;

// Orders and a fulfillment.
const client = new shopify.clients.Graphql({ session });
const listed = await client.request(
  `query { orders(first: 5) { nodes { id name fulfillmentOrders(first: 5) { nodes { id status } } } } }`,
);
const [order] = listed.data.orders.nodes;
seen.order = order.name;
const created = await client.request(
  `mutation Ship($fulfillment: FulfillmentInput!) {
     fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status trackingInfo { number } } userErrors { field message } }
   }`,
  {
    variables: {
      fulfillment: {
        lineItemsByFulfillmentOrder: order.fulfillmentOrders.nodes.map((part) => ({ fulfillmentOrderId: part.id })),
        trackingInfo: { company: "UPS", number: "1Z999AA10123456784" },
        notifyCustomer: false,
      },
    },
  },
);
seen.fulfillment = created.data.fulfillmentCreate;
seen.cost = created.extensions.cost.requestedQueryCost;

// What it makes of errors.
seen.refusal = await client.request("query { nobody }").then(
  () => "none",
  (error) => `${error.constructor.name}: ${error.message}`.slice(0, 80),
);

// Messages: subscribed, heard, judged with their raw bodies.
const heard = [];
const ear = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const rawBody = Buffer.concat(parts).toString();
  const genuine = await shopify.webhooks.validate({ rawBody, rawRequest: request, rawResponse: response });
  const forged = await shopify.webhooks.validate({ rawBody: `${rawBody} `, rawRequest: request, rawResponse: response });
  heard.push({ topic: genuine.topic, genuine: genuine.valid, domain: genuine.domain, forged: forged.valid });
  response.end();
});
ear.listen(0, "127.0.0.1");
await once(ear, "listening");
const address = `http://127.0.0.1:${ear.address().port}/in`;
const subscribed = await client.request(
  `mutation Subscribe($uri: String!) {
     webhookSubscriptionCreate(topic: ORDERS_UPDATED, webhookSubscription: { uri: $uri, format: JSON }) {
       webhookSubscription { id } userErrors { field message }
     }
   }`,
  { variables: { uri: address } },
);
seen.subscribed = subscribed.data.webhookSubscriptionCreate.userErrors;
process.stdout.write(`${JSON.stringify({ ready: address })}\n`);
while (heard.length < 4) await new Promise((done) => setTimeout(done, 20));
ear.close();
seen.heard = heard.sort((one, other) => one.topic.localeCompare(other.topic));
process.stdout.write(`${JSON.stringify(seen)}\n`);
