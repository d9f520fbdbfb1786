export { ExportError } from './export-error.ts';
export { type ExportedScript, type JavaScriptOptions, toJavaScript } from './to-java-script.ts';
