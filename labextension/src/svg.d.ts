/** An icon's text, put into the bundle. */
declare module '*.svg' {
  const text: string;
  export default text;
}
