// A round trip of each API with the types of openapi-typescript and the client openapi-fetch.
import createClient from "openapi-fetch";
import type { paths as DevdraftPaths } from "./devdraft";
import type { paths as XtrakitPaths } from "./xtrakit";
import type { paths as YativoPaths } from "./yativo";

const baseUrl = process.env.BASE_URL;
const phone = "+442079460000";

function check(ok: boolean, about: unknown): asserts ok {
  if (!ok) throw new Error(JSON.stringify(about));
}

async function devdraft() {
  const client = createClient<DevdraftPaths>({
    baseUrl,
    headers: { "x-client-key": process.env.DEVDRAFT_CLIENT_KEY!, "x-client-secret": process.env.DEVDRAFT_CLIENT_SECRET! },
  });
  const body = { first_name: "Ada", last_name: "Lovelace", phone_number: phone, email: "ts@example.com" };
  const made = await client.POST("/api/v0/customers", { body });
  check(made.data !== undefined, made.error);
  const path = { id: made.data.id };
  const got = await client.GET("/api/v0/customers/{id}", { params: { path } });
  check(got.data?.app.id === made.data.app_id, got.error);
  const list = await client.GET("/api/v0/customers", { params: { query: { take: 100 } } });
  check((list.data ?? []).some((c) => c.first_name === "Madonna"), list.error);
  const found = await client.POST("/api/v0/customers/search", { body: { email: body.email } });
  check(found.data?.[0]?.id === path.id, found.error);
  const changed = await client.PATCH("/api/v0/customers/{id}", { params: { path }, body: { first_name: "Augusta" } });
  check(changed.data?.first_name === "Augusta", changed.error);
  const again = await client.POST("/api/v0/customers", { body });
  check(again.error?.message !== undefined && again.response.status === 409, again);
}

async function yativo() {
  const client = createClient<YativoPaths>({
    baseUrl,
    headers: { "X-Api-Key": process.env.YATIVO_ACCOUNT!, "X-Api-Secret": process.env.YATIVO_SECRET! },
  });
  const body = { customer_name: "Ada Lovelace", customer_email: "ts.y@example.com", customer_phone: phone, customer_country: "GBR" };
  const header = { "idempotency-key": "ts-1" };
  const made = await client.POST("/api/v1/customer", { params: { header }, body });
  check(made.data !== undefined, made.error);
  const id = made.data.data.customer_id;
  const got = await client.GET("/api/v1/customer/{id}", { params: { path: { id } } });
  check(got.data?.data.customer_name === "Ada Lovelace", got.error);
  const list = await client.GET("/api/v1/customer", { params: { query: { per_page: 100 } } });
  check((list.data?.data ?? []).some((c) => c.customer_name === "Madonna"), list.error);
  const newest = await client.GET("/api/v1/customer", { params: { query: { per_page: 1 } } });
  check(newest.data?.data.length === 1 && newest.data.data[0].customer_id === id && newest.data.pagination.total > 1, newest);
  const changed = await client.PUT("/api/v1/customer/{id}", { params: { path: { id }, header }, body: { customer_name: "Augusta King" } });
  check(changed.data?.data.customer_name === "Augusta King", changed.error);
  const again = await client.POST("/api/v1/customer", { params: { header: { "idempotency-key": "ts-2" } }, body });
  check(again.error !== undefined && again.response.status === 422 && "errors" in again.error, again);
}

async function xtrakit() {
  const client = createClient<XtrakitPaths>({ baseUrl, headers: { Authorization: `Bearer ${process.env.XTRAKIT_KEY}` } });
  const body = {
    customer_name: "Ada Lovelace", customer_email: "ts.x@example.com", customer_phone: phone, customer_country: "Singapore",
    customer_city: "Singapore", address1: "1 Orchard Road",
  };
  const made = await client.POST("/api/v1/customers/add", { body });
  check(made.data !== undefined, made.error);
  const { id, created_at } = made.data.data.customer;
  const path = { id: String(id) };
  const got = await client.GET("/api/v1/customers/{id}", { params: { path } });
  check(got.data?.data.customer.customer_name === "Ada Lovelace", got.error);
  const list = await client.GET("/api/v1/customers");
  check((list.data?.data.customers ?? []).some((c) => c.customer_name === "Madonna"), list.error);
  const since = await client.GET("/api/v1/customers", { params: { query: { created_at } } });
  check((since.data?.data.customers ?? []).some((c) => c.id === id), since.error);
  const none = await client.GET("/api/v1/customers", { params: { query: { created_at: "2999-01-01" } } });
  check(none.data?.data.customers.length === 0, none);
  const edited = await client.PUT("/api/v1/customers/{id}", { params: { path }, body: { ...body, customer_name: "Augusta King" } });
  check(edited.data?.data.customer.customer_name === "Augusta King", edited.error);
  const again = await client.POST("/api/v1/customers/add", { body });
  check(again.response.status === 422 && again.error?.error.includes("customer_email") === true, again);
}

devdraft().then(yativo).then(xtrakit).catch((err) => { console.error(err); process.exit(1); });
