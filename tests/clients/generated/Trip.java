// A round trip of each API with the Java clients of openapi-generator: packages og.NAME.
import java.util.Objects;

public class Trip {

  static final String BASE = System.getenv("BASE_URL"), PHONE = "+442079460000";

  static void check(boolean ok, Object about) {
    if (!ok) throw new AssertionError(about);
  }

  public static void main(String[] args) throws Exception {
    devdraft();
    yativo();
    xtrakit();
    System.exit(0); // okhttp's threads would linger
  }

  static void devdraft() throws Exception {
    var client = new og.devdraft.ApiClient().setBasePath(BASE);
    client.addDefaultHeader("x-client-key", System.getenv("DEVDRAFT_CLIENT_KEY"));
    client.addDefaultHeader("x-client-secret", System.getenv("DEVDRAFT_CLIENT_SECRET"));
    var api = new og.devdraft.api.CustomersApi(client);
    var in = new og.devdraft.model.CustomerInput().firstName("Ada").lastName("Lovelace").phoneNumber(PHONE).email("java@example.com");
    var made = api.createCustomer(in).execute();
    check("java@example.com".equals(api.fetchCustomer(made.getId()).execute().getEmail()), "fetch");
    var list = api.listCustomers().take(100).execute();
    check(list.stream().anyMatch(c -> c.getFirstName().equals("Madonna")), list);
    var found = api.searchCustomers(new og.devdraft.model.CustomerSearch().email("java@example.com")).execute();
    check(found.get(0).getId().equals(made.getId()), found);
    var changed = api.updateCustomer(made.getId(), new og.devdraft.model.CustomerChange().firstName("Augusta")).execute();
    check(changed.getFirstName().equals("Augusta"), changed);
    try {
      api.createCustomer(in).execute();
      check(false, "a second customer with one address");
    } catch (og.devdraft.ApiException e) {
      check(e.getCode() == 409, e);
    }
  }

  static void yativo() throws Exception {
    var client = new og.yativo.ApiClient().setBasePath(BASE);
    client.addDefaultHeader("X-Api-Key", System.getenv("YATIVO_ACCOUNT"));
    client.addDefaultHeader("X-Api-Secret", System.getenv("YATIVO_SECRET"));
    var api = new og.yativo.api.YativoCustomersApi(client);
    var in = new og.yativo.model.YativoCustomerInput().customerName("Ada Lovelace").customerEmail("java.y@example.com")
        .customerPhone(PHONE).customerCountry("GBR");
    var id = api.yativoCreateCustomer("java-1", in).execute().getData().getCustomerId();
    check("Ada Lovelace".equals(api.yativoFetchCustomer(id).execute().getData().getCustomerName()), "fetch");
    var list = api.yativoListCustomers().perPage(100).execute().getData();
    check(list.stream().anyMatch(c -> Objects.equals(c.getCustomerName(), "Madonna")), list);
    var change = new og.yativo.model.YativoCustomerChange().customerName("Augusta King");
    check("Augusta King".equals(api.yativoUpdateCustomer(id, "java-1", change).execute().getData().getCustomerName()), "update");
    try {
      api.yativoCreateCustomer("java-2", in).execute();
      check(false, "a second customer with one address");
    } catch (og.yativo.ApiException e) {
      check(e.getCode() == 422, e);
    }
  }

  static void xtrakit() throws Exception {
    var client = new og.xtrakit.ApiClient().setBasePath(BASE);
    client.setBearerToken(System.getenv("XTRAKIT_KEY"));
    var api = new og.xtrakit.api.XtrakitCustomersApi(client);
    var in = new og.xtrakit.model.XtrakitCustomerInput().customerName("Ada Lovelace").customerEmail("java.x@example.com")
        .customerPhone(PHONE).customerCountry("Singapore").customerCity("Singapore").address1("1 Orchard Road");
    var id = String.valueOf(api.xtrakitAddCustomer(in).execute().getData().getCustomer().getId());
    check("Ada Lovelace".equals(api.xtrakitFetchCustomer(id).execute().getData().getCustomer().getCustomerName()), "fetch");
    var list = api.xtrakitListCustomers().execute().getData().getCustomers();
    check(list.stream().anyMatch(c -> c.getCustomerName().equals("Madonna")), list);
    try {
      api.xtrakitAddCustomer(in).execute();
      check(false, "a second customer with one address");
    } catch (og.xtrakit.ApiException e) {
      check(e.getCode() == 422, e);
    }
    var edited = api.xtrakitEditCustomer(id, in.customerName("Augusta King")).execute().getData().getCustomer();
    check(edited.getCustomerName().equals("Augusta King"), edited);
  }
}
