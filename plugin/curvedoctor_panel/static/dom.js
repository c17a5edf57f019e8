/**
 * Elements from plain values. Text enters the page as text only: there is no way to pass markup.
 */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [props] attributes; `on…` functions become listeners, `vars` CSS variables
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  assign(element, props);
  append(element, children);
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  assign(element, props);
  append(element, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Record<string, any>} props
 */
function assign(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "vars") {
      for (const [key, item] of Object.entries(value)) {
        /** @type {HTMLElement} */ (element).style.setProperty(key, String(item));
      }
    } else if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

/**
 * @param {Element} element
 * @param {(Child | Child[])[]} children
 */
function append(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Redraw a part of the page without losing the focus in it: it stays on what was not replaced, else goes to what has
 * the same name, else to `home`, from where the next Tab goes on. Somebody who works by keyboard must not start anew.
 * @param {HTMLElement} part
 * @param {HTMLElement} home an element that can have the focus
 * @param {() => void} redraw
 */
export function keepingFocus(part, home, redraw) {
  const before = document.activeElement;
  const inside = before instanceof HTMLElement && part.contains(before);
  const name = inside ? before.dataset.focus : undefined;
  redraw();
  if (!inside || document.activeElement === before) return;
  /** @type {HTMLElement | null} */
  const again = part.contains(before) ? before : name ? part.querySelector(`[data-focus="${CSS.escape(name)}"]`) : null;
  (again ?? home).focus({ preventScroll: true });
  if (document.activeElement !== again) home.focus({ preventScroll: true });
}

/**
 * @param {string} text
 * @returns {string} a value for `id` and `aria-…` that no name can break
 */
export function slug(text) {
  let hash = 5381;
  for (let i = 0; i < text.length; i++) hash = ((hash * 33) ^ text.charCodeAt(i)) >>> 0;
  return `cd-${hash.toString(36)}`;
}

/**
 * An element with a name that may not fit: its directories go first, its end, which tells runs of one sweep apart, last.
 * @param {keyof HTMLElementTagNameMap} kind of element
 * @param {Record<string, any>} attributes
 * @param {string} name
 */
export function named(kind, attributes, name) {
  if (name.length <= 16) return h(kind, attributes, name);
  const base = name.lastIndexOf("/") + 1;
  const end = Math.max(base, name.length - 10);
  return h(kind, { ...attributes, class: `${attributes.class} cd-long` }, h("span", { class: "cd-clip cd-path" }, name.slice(0, base)), h("span", { class: "cd-clip" }, name.slice(base, end)), h("span", {}, name.slice(end)));
}
