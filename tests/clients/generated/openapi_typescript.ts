// A round trip with the types of openapi-typescript and the client openapi-fetch.
import createClient from "openapi-fetch";
import type { paths } from "./devdraft";

const client = createClient<paths>({
  baseUrl: process.env.BASE_URL,
  headers: { "x-client-key": process.env.DEVDRAFT_CLIENT_KEY!, "x-client-secret": process.env.DEVDRAFT_CLIENT_SECRET! },
});
const body = { first_name: "Ada", last_name: "Lovelace", phone_number: "+442079460000", email: "ts@example.com" };

function check(ok: boolean, about: unknown): asserts ok {
  if (!ok) throw new Error(JSON.stringify(about));
}

async function main() {
  const made = await client.POST("/api/v0/customers", { body });
  check(made.data !== undefined, made.error);
  const path = { id: made.data.id };
  const got = await client.GET("/api/v0/customers/{id}", { params: { path } });
  check(got.data?.app.id === made.data.app_id, got.error);
  const list = await client.GET("/api/v0/customers", { params: { query: { take: 5 } } });
  check((list.data ?? []).length > 0, list.error);
  const found = await client.POST("/api/v0/customers/search", { body: { email: body.email } });
  check(found.data?.[0]?.id === path.id, found.error);
  const changed = await client.PATCH("/api/v0/customers/{id}", { params: { path }, body: { first_name: "Augusta" } });
  check(changed.data?.first_name === "Augusta", changed.error);
  const again = await client.POST("/api/v0/customers", { body });
  check(again.error?.message !== undefined && again.response.status === 409, again);
}

main().catch((err) => { console.error(err); process.exit(1); });
