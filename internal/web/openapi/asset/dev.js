// Starts the viewer under "custodex dev": with its credentials, which stand before this, and
// with a button that sends requests to this server. The page's Content-Security-Policy is the
// same as elsewhere: it lets nothing reach another host.
const sources = [
  {
    title: 'Devdraft',
    url: '/openapi/devdraft.json',
    preferred: [['clientKey', 'clientSecret']],
    schemes: { clientKey: { value: credentials.clientKey }, clientSecret: { value: credentials.clientSecret } },
  },
  {
    title: 'Yativo',
    url: '/openapi/yativo.json',
    preferred: [['yativoApiKey', 'yativoApiSecret']],
    schemes: { yativoApiKey: { value: credentials.yativoAccount }, yativoApiSecret: { value: credentials.yativoSecret } },
  },
  {
    title: 'Xtrakit',
    url: '/openapi/xtrakit.json',
    preferred: 'xtrakitKey',
    schemes: { xtrakitKey: { token: credentials.xtrakitKey } },
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
