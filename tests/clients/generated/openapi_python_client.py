"""A round trip of each API with the clients of openapi-python-client: packages opc_NAME."""
import os

import opc_devdraft.models as devdraft
import opc_xtrakit.models as xtrakit
import opc_yativo.models as yativo
from opc_devdraft.api.customers import create_customer, fetch_customer, list_customers, search_customers, update_customer
from opc_devdraft.client import Client as DevdraftClient
from opc_xtrakit.api.xtrakit_customers import (
    xtrakit_add_customer, xtrakit_edit_customer, xtrakit_fetch_customer, xtrakit_list_customers)
from opc_xtrakit.client import Client as XtrakitClient
from opc_yativo.api.yativo_customers import (
    yativo_create_customer, yativo_fetch_customer, yativo_list_customers, yativo_update_customer)
from opc_yativo.client import Client as YativoClient

base, phone = os.environ["BASE_URL"], "+442079460000"

client = DevdraftClient(base_url=base, headers={
    "x-client-key": os.environ["DEVDRAFT_CLIENT_KEY"], "x-client-secret": os.environ["DEVDRAFT_CLIENT_SECRET"]})
body = devdraft.CustomerInput(first_name="Ada", last_name="Lovelace", phone_number=phone, email="opc@example.com")
made = create_customer.sync(client=client, body=body)
assert fetch_customer.sync(made.id, client=client).email == "opc@example.com"
assert any(c.first_name == "Madonna" for c in list_customers.sync(client=client, take=100))
assert search_customers.sync(client=client, body=devdraft.CustomerSearch(email="opc@example.com"))[0].id == made.id
change = devdraft.CustomerChange(first_name="Augusta")
assert update_customer.sync(made.id, client=client, body=change).first_name == "Augusta"
again = create_customer.sync(client=client, body=body)
assert isinstance(again, devdraft.Failure) and again.status_code == 409, again

client = YativoClient(base_url=base, headers={
    "X-Api-Key": os.environ["YATIVO_ACCOUNT"], "X-Api-Secret": os.environ["YATIVO_SECRET"]})
body = yativo.YativoCustomerInput(
    customer_name="Ada Lovelace", customer_email="opc.y@example.com", customer_phone=phone, customer_country="GBR")
made = yativo_create_customer.sync(client=client, body=body, idempotency_key="opc-1").data
assert yativo_fetch_customer.sync(made.customer_id, client=client).data.customer_name == "Ada Lovelace"
assert any(c.customer_name == "Madonna" for c in yativo_list_customers.sync(client=client, per_page=100).data)
newest = yativo_list_customers.sync(client=client, per_page=1)
assert [c.customer_id for c in newest.data] == [made.customer_id] and newest.pagination.total > 1, newest
change = yativo.YativoCustomerChange(customer_name="Augusta King")
changed = yativo_update_customer.sync(made.customer_id, client=client, body=change, idempotency_key="opc-1")
assert changed.data.customer_name == "Augusta King", changed
again = yativo_create_customer.sync(client=client, body=body, idempotency_key="opc-2")
assert isinstance(again, yativo.YativoCreateCustomerResponse422) and again.status_code == 422, again

client = XtrakitClient(base_url=base, headers={"Authorization": "Bearer " + os.environ["XTRAKIT_KEY"]})
address = dict(customer_phone=phone, customer_country="Singapore", customer_city="Singapore", address1="1 Orchard Road")
body = xtrakit.XtrakitCustomerInput(customer_name="Ada Lovelace", customer_email="opc.x@example.com", **address)
made = xtrakit_add_customer.sync(client=client, body=body).data.customer
assert xtrakit_fetch_customer.sync(str(made.id), client=client).data.customer.customer_name == "Ada Lovelace"
assert any(c.customer_name == "Madonna" for c in xtrakit_list_customers.sync(client=client).data.customers)
since = xtrakit_list_customers.sync(client=client, created_at=made.created_at).data.customers
assert any(c.id == made.id for c in since), since
assert xtrakit_list_customers.sync(client=client, created_at="2999-01-01").data.customers == []
body.customer_name = "Augusta King"
edited = xtrakit_edit_customer.sync(str(made.id), client=client, body=body).data.customer
assert edited.customer_name == "Augusta King", edited
again = xtrakit_add_customer.sync(client=client, body=body)
assert isinstance(again, xtrakit.XtrakitAddCustomerResponse422) and "customer_email" in again.error, again
# The class of a body chooses its content type.
for form in xtrakit.XtrakitCustomerForm, xtrakit.XtrakitCustomerParts:
    body = form(customer_name=form.__name__, **address)
    added = xtrakit_add_customer.sync(client=client, body=body)
    assert added.data.customer.customer_name == form.__name__, added
