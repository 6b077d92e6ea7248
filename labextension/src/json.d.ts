/** The front end's version stands in package.json and nowhere else; the bundler takes only what is read. */
declare module '*/package.json' {
  const metadata: { readonly version: string };
  export default metadata;
}
