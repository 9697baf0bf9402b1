// A round trip of each API with the typescript-fetch clients of openapi-generator, in ./og.
import * as devdraft from "./og/devdraft";
import * as xtrakit from "./og/xtrakit";
import * as yativo from "./og/yativo";

const basePath = process.env.BASE_URL!;
const phone = "+442079460000";

function check(ok: boolean, about: unknown) {
  if (!ok) throw new Error(JSON.stringify(about));
}

async function refused(status: number, call: Promise<unknown>) {
  const got = await call.then(() => 200, (err) => err.response?.status ?? err);
  check(got === status, String(got));
}

async function devdraftTrip() {
  const api = new devdraft.CustomersApi(new devdraft.Configuration({
    basePath,
    headers: { "x-client-key": process.env.DEVDRAFT_CLIENT_KEY!, "x-client-secret": process.env.DEVDRAFT_CLIENT_SECRET! },
  }));
  const customerInput = { firstName: "Ada", lastName: "Lovelace", phoneNumber: phone, email: "fetch@example.com" };
  const made = await api.createCustomer({ customerInput });
  const got = await api.fetchCustomer({ id: made.id });
  check(got.email === customerInput.email && got.app.id === made.appId, got);
  check((await api.listCustomers({ take: 100 })).some((c) => c.firstName === "Madonna"), "list");
  check((await api.searchCustomers({ customerSearch: { email: customerInput.email } }))[0].id === made.id, "search");
  check((await api.updateCustomer({ id: made.id, customerChange: { firstName: "Augusta" } })).firstName === "Augusta", "update");
  await refused(409, api.createCustomer({ customerInput }));
}

async function yativoTrip() {
  const api = new yativo.YativoCustomersApi(new yativo.Configuration({
    basePath,
    headers: { "X-Api-Key": process.env.YATIVO_ACCOUNT!, "X-Api-Secret": process.env.YATIVO_SECRET! },
  }));
  const yativoCustomerInput = { customerName: "Ada Lovelace", customerEmail: "fetch.y@example.com", customerPhone: phone, customerCountry: "GBR" };
  const id = (await api.yativoCreateCustomer({ idempotencyKey: "fetch-1", yativoCustomerInput })).data.customerId;
  check((await api.yativoFetchCustomer({ id })).data.customerName === "Ada Lovelace", "fetch");
  check((await api.yativoListCustomers({ perPage: 100 })).data.some((c) => c.customerName === "Madonna"), "list");
  const changed = await api.yativoUpdateCustomer({ id, idempotencyKey: "fetch-1", yativoCustomerChange: { customerName: "Augusta King" } });
  check(changed.data.customerName === "Augusta King", changed);
  await refused(422, api.yativoCreateCustomer({ idempotencyKey: "fetch-2", yativoCustomerInput }));
}

async function xtrakitTrip() {
  const api = new xtrakit.XtrakitCustomersApi(new xtrakit.Configuration({ basePath, accessToken: process.env.XTRAKIT_KEY! }));
  const xtrakitCustomerInput = {
    customerName: "Ada Lovelace", customerEmail: "fetch.x@example.com", customerPhone: phone, customerCountry: "Singapore",
    customerCity: "Singapore", address1: "1 Orchard Road",
  };
  const id = String((await api.xtrakitAddCustomer({ xtrakitCustomerInput })).data.customer.id);
  check((await api.xtrakitFetchCustomer({ id })).data.customer.customerName === "Ada Lovelace", "fetch");
  check((await api.xtrakitListCustomers({})).data.customers.some((c) => c.customerName === "Madonna"), "list");
  await refused(422, api.xtrakitAddCustomer({ xtrakitCustomerInput }));
  const edited = await api.xtrakitEditCustomer({ id, xtrakitCustomerInput: { ...xtrakitCustomerInput, customerName: "Augusta King" } });
  check(edited.data.customer.customerName === "Augusta King", edited);
}

devdraftTrip().then(yativoTrip).then(xtrakitTrip).catch((err) => { console.error(err); process.exit(1); });
