"""A round trip with the client of openapi-python-client; its package is opc."""
import os

from opc.api.customers import create_customer, fetch_customer, list_customers, search_customers, update_customer
from opc.client import Client
from opc.models import CustomerChange, CustomerInput, CustomerSearch, Failure

client = Client(base_url=os.environ["BASE_URL"], headers={
    "x-client-key": os.environ["DEVDRAFT_CLIENT_KEY"], "x-client-secret": os.environ["DEVDRAFT_CLIENT_SECRET"]})
body = CustomerInput(first_name="Ada", last_name="Lovelace", phone_number="+442079460000", email="opc@example.com")
made = create_customer.sync(client=client, body=body)
assert fetch_customer.sync(made.id, client=client).email == "opc@example.com"
assert any(c.id == made.id for c in list_customers.sync(client=client))
assert search_customers.sync(client=client, body=CustomerSearch(email="opc@example.com"))[0].id == made.id
assert update_customer.sync(made.id, client=client, body=CustomerChange(first_name="Augusta")).first_name == "Augusta"
again = create_customer.sync(client=client, body=body)
assert isinstance(again, Failure) and again.status_code == 409, again
