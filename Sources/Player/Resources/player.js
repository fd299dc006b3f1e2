// Waymark player: shows the announcements (shoutOut) and guides (walkThru) that a snippet hands it, in a shadow root of
// its own. It loads nothing, sends nothing, reads nothing from the page but where elements are, and shows nothing
// unless the snippet's isCurrent() holds.
(() => {
    "use strict";

    const labels = {
        en: { guides: "Guides", hide: "Hide guides", close: "Close", ok: "Got it", back: "Back", next: "Next", done: "Done" },
        fr: { guides: "Guides", hide: "Masquer les guides", close: "Fermer", ok: "Compris", back: "Retour", next: "Suivant", done: "Terminer" },
        de: { guides: "Anleitungen", hide: "Anleitungen ausblenden", close: "Schließen", ok: "Verstanden", back: "Zurück", next: "Weiter", done: "Fertig" },
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
.box { width: min(368px, calc(100vw - 32px)); max-height: calc(100vh - 32px); overflow: auto; padding: 16px 20px 20px;
  background: #fff; border: 1px solid #c5ced8; border-radius: 12px; box-shadow: 0 8px 28px #1d273340;
  overflow-wrap: anywhere }
.head { display: flex; align-items: flex-start; gap: 12px }
h2 { flex: 1; margin: 4px 0 0; font: 600 18px/1.35 system-ui, sans-serif }
.text { margin: 8px 0 0 }
p, ul { margin: 0 0 8px; white-space: pre-line }
ul { padding-left: 22px }
.foot { display: flex; align-items: center; gap: 8px; margin-top: 16px }
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
.list { padding: 0; margin: 8px -8px -8px; list-style: none }
.list button { width: 100%; padding: 8px; text-align: left; border-color: #0000; overflow-wrap: anywhere }
.list small { display: block; color: #4d5b6a; font-weight: 400; font-size: 14px }
.walk { position: fixed }
.ring { position: fixed; pointer-events: none; border: 3px solid #0a559f; border-radius: 8px; box-shadow: 0 0 0 2px #fff }
.ring:not([data-on]) { display: none }
.walk::after { position: fixed; left: var(--x); top: var(--y); width: 12px; height: 12px; margin: -6px;
  background: #fff; border: 1px solid #c5ced8; border-width: 1px 0 0 1px; transform: rotate(var(--turn)) }
.walk[data-side]::after { content: "" }
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
    const open = ({ partner, id, items, isCurrent, language }) => {
        const stored = (area, name) => {
            try {
                return globalThis[area].getItem(`waymark/${partner}/${id}/${name}`) ?? "";
            } catch {
                return "";
            }
        };
        const store = (area, name, value) => {
            try {
                globalThis[area].setItem(`waymark/${partner}/${id}/${name}`, value);
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

        let lang, label, spoken, guides, guide, news, isOpen, target, frame, timer, came;
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
            parts[slot] = key && build();
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
                    focus(next || (from !== "panel" && came?.isConnected && came) || opener);
                }
            } catch {}
        };
        const focus = (node) => node && node.focus({ preventScroll: true });
        const button = (text, name, change, more) => element("button", { type: "button", class: name, click: act(change), ...more }, text);

        const box = (name, item, title, close, text, ...foot) =>
            element(
                "section",
                {
                    class: `box ${name}`,
                    role: "dialog",
                    "aria-labelledby": `${name}-title`,
                    "aria-describedby": text && `${name}-text`,
                    "data-waymark-item": item?.id,
                    "data-waymark-kind": item?.kind,
                },
                element(
                    "div",
                    { class: "head" },
                    element("h2", { id: `${name}-title`, lang: tongue(title) }, say(title)),
                    button("×", "close", close, { "aria-label": label.close }),
                ),
                ...(text ? [element("div", { class: "text", id: `${name}-text`, lang: tongue(text) }, ...prose(say(text)))] : []),
                ...foot,
            );

        const closeCard = () => see(news);
        const buildCard = () => {
            const own = news.button ?? {};
            const ok = button(own[lang] ?? (own.en && !own[lang] ? own.en : label.ok), "primary", closeCard);
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
            came = null;
            isOpen = false;
            go(0, item.id);
        };
        const buildPanel = () => {
            const entries = guides.map((item) => {
                const entry = button(say(item.title), "entry", () => start(item), { lang: tongue(item.title) });
                if (item.summary) entry.append(element("small", { lang: tongue(item.summary) }, say(item.summary)));
                return element("li", { "data-waymark-item": item.id, "data-waymark-kind": item.kind }, entry);
            });
            return box("panel", null, { [lang]: label.guides, en: label.guides }, toggle, null, element("ul", { class: "list" }, ...entries));
        };

        const end = () => go(0, "");
        const buildWalk = () => {
            const { title, text } = guide.steps[step];
            const last = step + 1 === guide.steps.length;
            const foot = element("div", { class: "foot" }, element("span", { class: "count" }, `${step + 1} / ${guide.steps.length}`));
            if (step) foot.append(button(label.back, "back", () => go(step - 1, walk)));
            foot.append(button(last ? label.done : label.next, "primary", last ? end : () => go(step + 1, walk)));
            target = null;
            return element("div", { class: "walk" }, element("div", { class: "ring" }), box("balloon", guide, title, end, text, foot));
        };

        // Beside the target on the first side with room, else as near as the window allows; centred without one.
        const place = () => {
            if (!parts.walk) return;
            const [ring, balloon] = parts.walk.children;
            const [width, height, gap, edge] = [document.documentElement.clientWidth, innerHeight, 16, 8];
            const [wide, high] = [balloon.offsetWidth, balloon.offsetHeight];
            const within = (value, most) => Math.round(Math.max(edge, Math.min(value, most - edge)));
            let [x, y, side] = [(width - wide) / 2, (height - high) / 2];
            if (target) {
                const at = target.getBoundingClientRect();
                const [midX, midY] = [at.left + at.width / 2, at.top + at.height / 2];
                const sides = {
                    below: [midX - wide / 2, at.bottom + gap, midX, at.bottom + gap, 45],
                    above: [midX - wide / 2, at.top - gap - high, midX, at.top - gap, 225],
                    right: [at.right + gap, midY - high / 2, at.right + gap, midY, -45],
                    left: [at.left - gap - wide, midY - high / 2, at.left - gap, midY, 135],
                };
                const fits = (at, size, most) => at >= edge && at + size <= most - edge;
                side = Object.keys(sides).find((name) =>
                    name === "below" || name === "above" ? fits(sides[name][1], high, height) : fits(sides[name][0], wide, width),
                );
                const [left, top, tipX, tipY, turn] = sides[side ?? "below"];
                [x, y] = [left, top];
                set(parts.walk, { "--x": `${tipX}px`, "--y": `${tipY}px`, "--turn": `${turn}deg` });
                set(ring, { left: `${at.left - 6}px`, top: `${at.top - 6}px`, width: `${at.width + 12}px`, height: `${at.height + 12}px` });
            }
            set(balloon, { left: `${within(x, width - wide)}px`, top: `${within(y, height - high)}px` });
            ring.toggleAttribute("data-on", !!target);
            parts.walk.toggleAttribute("data-side", !!side);
        };
        const set = ({ style }, values) => {
            for (const [name, value] of Object.entries(values)) {
                if (style.getPropertyValue(name) !== value) style.setProperty(name, value);
            }
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
            const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
            target.scrollIntoView({ block: inside ? "nearest" : "center", inline: "nearest", behavior: calm ? "instant" : "smooth" });
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

        const refresh = () => {
            spoken = language();
            const [name] = String(spoken).toLowerCase().split(/[-_]/);
            lang = Object.hasOwn(labels, name) ? name : "en";
            label = labels[lang];
            host.lang = lang;

            const shown = isCurrent() ? items : [];
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
                host.id = document.getElementById("waymark-root") ? "" : "waymark-root";
                document.documentElement.append(host);
            }
            (any ? addEventListener : removeEventListener)("keydown", escape, true);
            follow(!!guide);
            if (guide) seek();
            // A guide that goes on after a page load takes the focus only where nobody is using it.
            if (isNew && [null, document.body].includes(document.activeElement)) focus(parts.walk.querySelector(".primary"));
        };

        const update = (now) => {
            try {
                const isLost = Object.values(parts).some(Boolean) && !host.isConnected;
                if (now === items && language() === spoken && !isLost) return;
                items = now;
                refresh();
            } catch {}
        };
        refresh();
        return { update };
    };

    try {
        globalThis[Symbol.for("waymark")].players.set(document.currentScript.src, open);
    } catch {}
})();
