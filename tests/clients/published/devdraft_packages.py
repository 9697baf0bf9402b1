"""The published packages devdraft and devdraft-sdk, which have the same classes; the argument names the module."""
import importlib
import json
import os
import sys

sdk = importlib.import_module(sys.argv[1])
config = sdk.Configuration()
config.host = os.environ["BASE_URL"]
config.api_key["x-client-key"] = os.environ["DEVDRAFT_CLIENT_KEY"]
config.api_key["x-client-secret"] = os.environ["DEVDRAFT_CLIENT_SECRET"]
api = sdk.CustomersApi(sdk.ApiClient(config))
email = sys.argv[1].replace("_", "-") + "@example.com"
newer = hasattr(api, "customer_controller_create_without_preload_content")


def content(name, *args, **kwargs):
    """What the server answered. The packages' own results are empty, as their document names no types."""
    call = getattr(api, "customer_controller_" + name)
    if not newer:
        call(*args, **kwargs)
        return json.loads(api.api_client.last_response.data)
    call(*args, **kwargs)
    return json.loads(getattr(api, "customer_controller_" + name + "_without_preload_content")(*args, **kwargs).data)


made = sdk.CreateCustomerDto(first_name="Kofi", last_name="Annan", phone_number="+233244567890", email=email)
api.customer_controller_create(made)
[found] = content("find_all", email=email)
number = found["id"]
assert content("find_one", number)["email"] == email
change = sdk.UpdateCustomerDto(first_name="Kwame")
changed = content("update", *((number, change) if newer else (change, number)))
assert changed["first_name"] == "Kwame", changed
try:
    api.customer_controller_find_one("550e8400-e29b-41d4-a716-446655440000")
    raise SystemExit("a customer who does not exist was shown")
except Exception as err:  # each package has its own class
    assert getattr(err, "status", 0) == 404, err
