// Starts the viewer. Everything that would reach another host is off; the page's
// Content-Security-Policy forbids it besides.
Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  // Credentials that a reader types in stay in the tab's memory.
  persistAuth: false,
  // Reading is what the page is for; the curl lines are for trying.
  hideTestRequestButton: true,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  documentDownloadType: 'json',
  defaultOpenAllTags: true,
});
