// Waymark player: shows the announcements (shoutOut) and guides (walkThru) that a snippet hands it, in a shadow root of
// its own. It loads nothing, sends nothing, reads nothing from the page but where elements are, and shows nothing
// unless the snippet's isCurrent() holds.
(() => {
    "use strict";

    const words = (guides, hide, close, ok, back, next, done) => ({ guides, hide, close, ok, back, next, done });
    const labels = {
        en: words("Guides", "Hide guides", "Close", "Got it", "Back", "Next", "Done"),
        fr: words("Guides", "Masquer les guides", "Fermer", "Compris", "Retour", "Suivant", "Terminer"),
        de: words("Anleitungen", "Anleitungen ausblenden", "Schließen", "Verstanden", "Zurück", "Weiter", "Fertig"),
    };

    // `!important` in :host wins over whatever the page's own rules say about a div.
    const css = `
:host { all: initial !important; position: fixed !important; z-index: 2147483647 !important;
  font: 16px/1.5 system-ui, sans-serif !important; color: #1d2733 !important }
@media print { :host { display: none !important } }
* { box-sizing: border-box }
.dock { position: fixed; right: 16px; bottom: 16px; max-height: calc(100vh - 32px); display: flex;
  flex-direction: column-reverse; align-items: flex-end; gap: 12px; pointer-events: none }
.dock > *, .news { min-height: 0; pointer-events: auto }
.news { display: flex }
.news:empty { display: none }
.box { width: min(368px, calc(100vw - 32px)); max-height: calc(100vh - 32px); overflow: auto; padding: 0 20px;
  background: #fff; border: 1px solid #c5ced8; border-radius: 12px; box-shadow: 0 8px 28px #1d273340;
  overflow-wrap: anywhere }
.head, .foot { position: sticky; display: flex; gap: 12px; background: #fff }
.head { top: 0; align-items: flex-start; padding: 16px 0 8px }
.foot { bottom: 0; align-items: center; padding: 8px 0 20px }
h2 { flex: 1; margin: 4px 0 0; font: 600 18px/1.35 system-ui, sans-serif }
p, ul { margin: 0 0 8px; white-space: pre-line }
ul { padding-left: 22px }
.count { flex: 1; color: #4d5b6a; font-size: 14px }
button { min-height: 40px; padding: 6px 16px; font: 600 15px/1.4 system-ui, sans-serif; color: #0a559f;
  background: #fff; border: 1px solid #6c7b8b; border-radius: 8px; cursor: pointer }
button:hover { background: #eaf2fb }
button:focus-visible { outline: 3px solid #0a559f; outline-offset: 2px }
.primary { color: #fff; background: #0a559f; border-color: #0a559f }
.primary:hover { background: #07437f }
.card .primary { margin-left: auto }
.close { min-height: 32px; width: 32px; margin: 0 -8px 0 0; padding: 0; font-size: 22px; line-height: 1; color: #4d5b6a;
  border-color: #0000 }
.bar { display: flex; background: #0a559f; border-radius: 22px; box-shadow: 0 4px 16px #1d273359 }
.bar button { min-height: 44px; border-radius: 22px; color: #fff; background: #0a559f; border-color: #0a559f }
.bar button:hover { background: #07437f }
.bar button:focus-visible { outline-color: #fff; outline-offset: -5px }
.bar .close { width: 40px; margin: 0 }
.list { padding: 0; margin: 0 -8px 12px; list-style: none }
.list button { width: 100%; padding: 8px; text-align: left; border-color: #0000; overflow-wrap: anywhere }
.list small { display: block; color: #4d5b6a; font-weight: 400; font-size: 14px }
.balloon { position: fixed }
.ring { position: fixed; pointer-events: none; border: 3px solid #0a559f; border-radius: 8px;
  box-shadow: 0 0 0 2px #fff }
.ring:not([data-on]) { display: none }
.walk::after { position: fixed; left: var(--x); top: var(--y); width: 12px; height: 12px; margin: -6px;
  background: #fff; border: 1px solid #c5ced8; border-width: 1px 0 0 1px; transform: rotate(var(--turn)) }
.walk[data-tip]::after { content: "" }
@media (prefers-reduced-motion: no-preference) {
  .card, .panel { animation: rise 0.2s ease-out }
  @keyframes rise { from { opacity: 0; transform: translateY(8px) } }
}`;

    const element = (name, attributes, ...children) => {
        const node = document.createElement(name);
        for (const [key, value] of Object.entries(attributes)) {
            if (typeof value === "function") node.addEventListener(key, value);
            else if (value != null) node.setAttribute(key, value);
        }
        node.append(...children);
        return node;
    };

    // **bold** and *italic*; a lone or spaced asterisk stays what it is.
    const inline = (node, line) => {
        const marks = /\*\*([^\s*](?:[^*]*[^\s*])?)\*\*|\*([^\s*](?:[^*]*[^\s*])?)\*/g;
        let at = 0;
        for (const found of line.matchAll(marks)) {
            node.append(line.slice(at, found.index));
            node.append(found[1] ? element("strong", {}, found[1]) : element("em", {}, found[2]));
            at = found.index + found[0].length;
        }
        node.append(line.slice(at));
        return node;
    };

    const prose = (text) => {
        const blocks = [];
        let block;
        for (const line of text.split("\n")) {
            const isEntry = line.startsWith("- ");
            const name = isEntry ? "ul" : "p";
            if (!line.trim()) block = null;
            else {
                if (block?.localName === name && !isEntry) block.append("\n");
                if (block?.localName !== name) blocks.push((block = element(name, {})));
                if (isEntry) block.append(inline(element("li", {}), line.slice(2)));
                else inline(block, line);
            }
        }
        return blocks;
    };

    const isVisible = (node) => {
        if (!node?.isConnected || getComputedStyle(node).visibility !== "visible") return false;
        const { width, height } = node.getBoundingClientRect();
        return width > 0 && height > 0;
    };
    const find = (selector) => {
        try {
            return [...document.querySelectorAll(selector)].find(isVisible);
        } catch {} // an author's selector need not be valid
    };

    // One client's guidance in this page. `update(items)` takes the items that apply now; none removes everything.
    const open = ({ partner, id, items: first, isCurrent, language }) => {
        const stored = (area, name) => {
            try {
                return globalThis[area].getItem(`waymark/${partner}/${id}/${name}`) ?? "";
            } catch {
                return "";
            }
        };
        const store = (area, name, value) => {
            const key = `waymark/${partner}/${id}/${name}`;
            try {
                if (value) globalThis[area].setItem(key, value);
                else globalThis[area].removeItem(key);
            } catch {} // what is refused lasts as long as the page
        };

        const seen = new Set();
        const isSeen = (item) => seen.has(item.id) || stored("localStorage", "seen").split("\n").includes(item.id);
        const see = (item) => {
            const before = stored("localStorage", "seen").split("\n").filter(Boolean);
            seen.add(item.id);
            store("localStorage", "seen", [...new Set([...before, ...seen])].join("\n"));
        };

        let [, step = 0, walk = ""] = /^(\d+) (.+)$/.exec(stored("sessionStorage", "walk")) ?? [];
        const go = (number, item) => {
            step = number;
            walk = item;
            store("sessionStorage", "walk", item && `${number} ${item}`);
        };
        let isHidden = stored("sessionStorage", "hidden") === "1";
        const hide = () => {
            isHidden = true;
            store("sessionStorage", "hidden", "1");
        };

        let items, wasCurrent, lang, label, spoken, guides, guide, news, isOpen, target, frame, timer, came, home;
        const say = (text) => text[lang] ?? text.en;
        const tongue = (text) => (Object.hasOwn(text, lang) ? lang : "en");

        const host = element("div", { "data-waymark-client": id });
        const root = host.attachShadow({ mode: "open" });
        const live = element("div", { class: "news", "aria-live": "polite" });
        const dock = element("div", { class: "dock" }, live);
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        root.adoptedStyleSheets = [sheet];
        root.append(dock);

        // What is on show, by slot; built again only when its key changes.
        const keys = {};
        const parts = {};
        const put = (slot, key, build) => {
            if (keys[slot] === key) return;
            parts[slot]?.remove();
            keys[slot] = key;
            parts[slot] = key ? build() : null;
        };

        // Wraps what a person does: checked first, shown afterwards, the focus never left on nothing.
        const act = (change) => (event) => {
            try {
                const focused = root.activeElement;
                const from = Object.keys(parts).find((slot) => parts[slot] && parts[slot].contains(focused));
                if (isCurrent()) change(event);
                refresh();
                if (parts.walk) focus(parts.walk.querySelector(".primary"));
                else if (isOpen && from === "bar") focus(parts.panel.querySelector("li button"));
                else if (focused && !root.activeElement) {
                    const next = from === "card" && parts.card && parts.card.querySelector(".primary");
                    const opener = parts.bar && parts.bar.firstChild;
                    focus(next || (from !== "panel" && came?.isConnected && came) || opener || home);
                }
            } catch {}
        };
        const focus = (node) => node && node.focus({ preventScroll: true });
        const button = (text, name, change, more) =>
            element("button", { type: "button", class: name, click: act(change), ...more }, text);

        const box = (name, item, title, close, text, ...rest) => {
            const heading = element("h2", { id: `${name}-title`, lang: tongue(title) }, say(title));
            const cross = button("×", "close", close, { "aria-label": label.close });
            const head = element("div", { class: "head" }, heading, cross);
            const said = text && element("div", { id: `${name}-text`, lang: tongue(text) }, ...prose(say(text)));
            return element(
                "section",
                {
                    class: `box ${name}`,
                    role: "dialog",
                    "aria-labelledby": heading.id,
                    "aria-describedby": said?.id,
                    "data-waymark-item": item?.id,
                    "data-waymark-kind": item?.kind,
                },
                ...[head, said, ...rest].filter(Boolean),
            );
        };

        const closeCard = () => see(news);
        const buildCard = () => {
            const text = news.button ?? { [lang]: label.ok };
            const ok = button(say(text), "primary", closeCard, { lang: tongue(text) });
            return box("card", news, news.title, closeCard, news.text, element("div", { class: "foot" }, ok));
        };

        const toggle = () => (isOpen = !isOpen);
        const buildBar = () =>
            element(
                "aside",
                { class: "bar", "aria-label": label.guides },
                button(`${label.guides} (${guides.length})`, "launcher", toggle),
                button("×", "close", hide, { "aria-label": label.hide }),
            );
        const start = (item) => {
            [home, came] = [came ?? home, null];
            isOpen = false;
            go(0, item.id);
        };
        const buildPanel = () => {
            const entries = guides.map((item) => {
                const entry = button(say(item.title), "entry", () => start(item), { lang: tongue(item.title) });
                if (item.summary) entry.append(element("small", { lang: tongue(item.summary) }, say(item.summary)));
                return element("li", { "data-waymark-item": item.id, "data-waymark-kind": item.kind }, entry);
            });
            const list = element("ul", { class: "list" }, ...entries);
            return box("panel", null, { [lang]: label.guides }, toggle, null, list);
        };

        const end = () => go(0, "");
        const buildWalk = () => {
            const { title, text } = guide.steps[step];
            const count = guide.steps.length;
            const isLast = step + 1 === count;
            const progress = element("span", { class: "count" }, `${step + 1} / ${count}`);
            const foot = element("div", { class: "foot" }, progress);
            if (step) foot.append(button(label.back, "back", () => go(step - 1, walk)));
            foot.append(button(isLast ? label.done : label.next, "primary", isLast ? end : () => go(step + 1, walk)));
            target = null;
            const balloon = box("balloon", guide, title, end, text, foot);
            return element("div", { class: "walk" }, element("div", { class: "ring" }), balloon);
        };

        // Beside the target on the first side with room, else near it within the window; centred without one.
        const place = () => {
            if (!parts.walk) return;
            const [ring, balloon] = parts.walk.children;
            const [width, height, gap, edge] = [document.documentElement.clientWidth, innerHeight, 16, 8];
            const [wide, high] = [balloon.offsetWidth, balloon.offsetHeight];
            const clamp = (value, least, most) => Math.max(least, Math.min(value, most));
            let spot = { x: (width - wide) / 2, y: (height - high) / 2 };
            if (target) {
                const at = target.getBoundingClientRect();
                const [midX, midY] = [at.left + at.width / 2, at.top + at.height / 2];
                const [x, y] = [midX - wide / 2, midY - high / 2];
                const sides = [
                    { x, y: at.bottom + gap, tipX: midX, tipY: at.bottom + gap, turn: 45 },
                    { x, y: at.top - gap - high, tipX: midX, tipY: at.top - gap, turn: 225 },
                    { x: at.right + gap, y, tipX: at.right + gap, tipY: midY, turn: -45, isBeside: true },
                    { x: at.left - gap - wide, y, tipX: at.left - gap, tipY: midY, turn: 135, isBeside: true },
                ];
                const holds = (value, size, most) => value >= edge && value + size <= most - edge;
                const fits = ({ x, y, tipX, tipY, isBeside }) =>
                    holds(tipX, 0, width) &&
                    holds(tipY, 0, height) &&
                    (isBeside ? holds(x, wide, width) : holds(y, high, height));
                spot = sides.find(fits) ?? { ...sides[0], tipX: null };
                set(ring, { left: at.left - 5, top: at.top - 5, width: at.width + 10, height: at.height + 10 });
            }
            const left = clamp(spot.x, edge, Math.max(edge, width - wide - edge));
            const top = clamp(spot.y, edge, Math.max(edge, height - high - edge));
            set(balloon, { left, top });
            ring.toggleAttribute("data-on", !!target);
            parts.walk.toggleAttribute("data-tip", spot.tipX != null);
            if (spot.tipX == null) return;
            const inset = 20; // clear of the rounded corners
            set(parts.walk, {
                "--x": spot.isBeside ? spot.tipX : clamp(spot.tipX, left + inset, left + wide - inset),
                "--y": spot.isBeside ? clamp(spot.tipY, top + inset, top + high - inset) : spot.tipY,
            });
            parts.walk.style.setProperty("--turn", `${spot.turn}deg`);
        };
        const set = ({ style }, values) => {
            for (const [name, value] of Object.entries(values)) style.setProperty(name, `${Math.round(value)}px`);
        };

        // Pages draw late and move things: looked at again a few times a second, while a guide runs.
        const seek = () => {
            try {
                if (!isCurrent()) return refresh();
                if (!isVisible(target)) {
                    const { selector } = guide.steps[step];
                    target = selector && find(selector);
                    if (target) reveal();
                }
                place();
            } catch {}
        };
        const reveal = () => {
            const { top, bottom, left, right } = target.getBoundingClientRect();
            const inside = top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
            const block = inside ? "nearest" : "center";
            const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
            target.scrollIntoView({ block, inline: "nearest", behavior });
        };
        const moved = () => {
            frame ||= requestAnimationFrame(() => {
                frame = 0;
                try {
                    place();
                } catch {}
            });
        };
        const follow = (on) => {
            if (on === !!timer) return;
            clearInterval(timer);
            timer = on ? setInterval(seek, 300) : 0;
            const listen = on ? addEventListener : removeEventListener;
            listen("resize", moved);
            listen("scroll", moved, { capture: true, passive: true });
        };

        // Heard before the page, so that Escape always closes; kept from the page only when the focus is here.
        const escape = (event) => {
            if (event.key !== "Escape" || event.isComposing) return;
            const close = parts.walk ? end : isOpen ? toggle : parts.card ? closeCard : null;
            if (!close) return;
            if (root.activeElement) {
                event.preventDefault();
                event.stopPropagation();
            }
            act(close)();
        };
        host.addEventListener("focusin", ({ relatedTarget }) => {
            if (relatedTarget) came = relatedTarget;
        });
        // The page's shortcuts, focus traps and "click outside" handlers are not meant for what happens in here.
        for (const type of ["focusin", "pointerdown", "mousedown", "click", "keydown", "keyup"]) {
            host.addEventListener(type, (event) => event.stopPropagation());
        }

        const refresh = () => {
            spoken = language();
            const [name] = String(spoken).toLowerCase().split(/[-_]/);
            lang = Object.hasOwn(labels, name) ? name : "en";
            label = labels[lang];
            host.lang = lang;

            wasCurrent = isCurrent();
            const shown = wasCurrent ? items : [];
            guides = shown.filter(({ kind }) => kind === "walkThru");
            guide = guides.find((item) => item.id === walk);
            news = !guide && shown.find((item) => item.kind === "shoutOut" && !isSeen(item));
            if (guide) step = Math.min(step, guide.steps.length - 1);
            const offered = !guide && !isHidden && guides.length && `${lang} ${guides.map((item) => item.id)}`;
            isOpen &&= !!offered;

            const isNew = guide && !parts.walk;
            put("bar", offered, () => dock.insertBefore(buildBar(), live));
            put("panel", isOpen && offered, () => dock.insertBefore(buildPanel(), live));
            put("card", news && `${lang} ${news.id}`, () => live.appendChild(buildCard()));
            put("walk", guide && `${lang} ${step} ${guide.id}`, () => root.appendChild(buildWalk()));
            if (parts.bar) parts.bar.firstChild.setAttribute("aria-expanded", !!isOpen);

            const any = Object.values(parts).some(Boolean);
            if (!any) host.remove();
            else if (!host.isConnected) {
                host.removeAttribute("id"); // another client's may be in the page
                if (!document.getElementById("waymark-root")) host.id = "waymark-root";
                document.documentElement.append(host);
            }
            (any ? addEventListener : removeEventListener)("keydown", escape, true);
            follow(!!guide);
            if (guide) seek();
            // A guide that goes on after a page load takes the focus only where nobody is using it.
            const isIdle = [null, document.body].includes(document.activeElement);
            if (isNew && isIdle) focus(parts.walk.querySelector(".primary"));
        };

        const update = (now) => {
            try {
                const isLost = Object.values(parts).some(Boolean) && !host.isConnected;
                if (now === items && isCurrent() === wasCurrent && language() === spoken && !isLost) return;
                items = now;
                refresh();
            } catch {}
        };
        update(first);
        return { update };
    };

    try {
        globalThis[Symbol.for("waymark")].players.set(document.currentScript.src, open);
    } catch {}
})();
