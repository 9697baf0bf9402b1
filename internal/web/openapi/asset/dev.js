// Starts the viewer under "custodex dev": with a button that sends requests to this server, and with
// the credentials of the link that it printed. They stand behind the # of the address, which a
// browser sends to nobody, as base64url of JSON, and leave the address and the history at once. The
// page's Content-Security-Policy is the same as elsewhere: it lets nothing reach another host.
const credentials = (() => {
  const given = /^#(eyJ[\w-]+)$/.exec(location.hash); // all else is a place on the page
  if (!given) return {};
  history.replaceState(null, '', location.pathname + location.search);
  try {
    return JSON.parse(atob(given[1].replace(/-/g, '+').replace(/_/g, '/')));
  } catch {
    return {};
  }
})();

const sources = [
  {
    title: 'Devdraft',
    url: '/openapi/devdraft.json',
    preferred: [['clientKey', 'clientSecret']],
    schemes: { clientKey: { value: credentials.clientKey ?? '' }, clientSecret: { value: credentials.clientSecret ?? '' } },
  },
  {
    title: 'Yativo',
    url: '/openapi/yativo.json',
    preferred: [['yativoApiKey', 'yativoApiSecret']],
    schemes: { yativoApiKey: { value: credentials.yativoAccount ?? '' }, yativoApiSecret: { value: credentials.yativoSecret ?? '' } },
  },
  {
    title: 'Xtrakit',
    url: '/openapi/xtrakit.json',
    preferred: 'xtrakitKey',
    schemes: { xtrakitKey: { token: credentials.xtrakitKey ?? '' } },
  },
];

Scalar.createApiReference('#reference', sources.map((source) => ({
  title: source.title,
  slug: source.title.toLowerCase(),
  url: source.url,
  authentication: { preferredSecurityScheme: source.preferred, securitySchemes: source.schemes },
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  persistAuth: false,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  documentDownloadType: 'json',
  defaultOpenAllTags: true,
})));
