// Waymark player: shows the items that a snippet hands it, in a shadow root of its own, and passes over kinds that it
// does not know. It loads nothing, sends nothing, reads nothing from the page but where elements are and which of them
// has the focus, and shows nothing unless the snippet's isCurrent() holds. The answers to a survey go to the page that
// it stands in, as an event.
(() => {
    "use strict";

    const names = "guides close ok back next done hide help start send tasks of".split(" ");
    const words = (text) => Object.fromEntries(text.split(",").map((word, at) => [names[at], word]));
    const labels = {
        en: words("Guides,Close,Got it,Back,Next,Done,Hide,Help,Start,Send,Getting started,of"),
        fr: words("Guides,Fermer,Compris,Retour,Suivant,Terminer,Masquer,Aide,Commencer,Envoyer,Premiers pas,sur"),
        de: words(
            "Anleitungen,Schließen,Verstanden,Zurück,Weiter,Fertig,Ausblenden,Hilfe,Starten,Senden,Erste Schritte,von",
        ),
    };

    // player.css. `!important` in its :host wins over whatever the page's own rules say about a div.
    const css = "__STYLE__";

    const element = (name, attributes, ...children) => {
        const node = document.createElement(name);
        for (const [key, value] of Object.entries(attributes)) {
            if (typeof value === "function") node.addEventListener(key, value);
            else if (value != null) node.setAttribute(key, value);
        }
        node.append(...children.filter((child) => child != null));
        return node;
    };

    // Where items may lead: with a `base`, within the page's own origin, else to https; nowhere otherwise.
    const address = (text, base) => {
        try {
            const { protocol, origin, href } = new URL(text, base);
            if (base ? origin === location.origin && href.startsWith("http") : protocol === "https:") return href;
        } catch {}
    };
    const link = (href, text, attributes) =>
        element("a", { href, target: "_blank", rel: "noopener noreferrer", ...attributes }, text);

    // **bold**, *italic*, [text](https://…). All else stays what it is, a lone or spaced asterisk too.
    const inline = (node, line) => {
        const marks = /(\*\*?)([^\s*](?:[^*]*[^\s*])?)\1|\[([^[\]]+)\]\((https:\/\/[^()\s]+)\)/g;
        let at = 0;
        for (const found of line.matchAll(marks)) {
            const [all, stars, marked, text, url] = found;
            const href = url && address(url);
            node.append(line.slice(at, found.index));
            node.append(stars ? element(stars[1] ? "strong" : "em", {}, marked) : href ? link(href, text) : all);
            at = found.index + all.length;
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
    // The first visible element of the first selector that finds one; an author's selector need not be valid. Without
    // others to try, the one found before is good as long as it can be seen.
    const find = ({ selector, fallbacks }, before) => {
        if (!fallbacks && isVisible(before)) return before;
        for (const each of [selector ?? [], fallbacks ?? []].flat()) {
            try {
                const found = [...document.querySelectorAll(each)].find(isVisible);
                if (found) return found;
            } catch {}
        }
    };

    // Where a box may stand beside `at`, by side; the tip is where its arrow points.
    const sides = (at, wide, high, gap) => {
        const [midX, midY] = [at.left + at.width / 2, at.top + at.height / 2];
        const [x, y] = [midX - wide / 2, midY - high / 2];
        return {
            below: { x, y: at.bottom + gap, tipX: midX, tipY: at.bottom + gap, turn: 45 },
            above: { x, y: at.top - gap - high, tipX: midX, tipY: at.top - gap, turn: 225 },
            right: { x: at.right + gap, y, tipX: at.right + gap, tipY: midY, turn: -45, isBeside: true },
            left: { x: at.left - gap - wide, y, tipX: at.left - gap, tipY: midY, turn: 135, isBeside: true },
        };
    };
    const clamp = (value, least, most) => Math.max(least, Math.min(value, most));
    const holds = (value, size, most) => value >= 8 && value + size <= most - 8;
    const set = ({ style }, values) => {
        for (const [name, value] of Object.entries(values)) style.setProperty(name, `${Math.round(value)}px`);
    };

    // A box beside `at` on the first side with room, else near it within the window; in the middle without one.
    const stand = (holder, box, at, order) => {
        const [width, height] = [document.documentElement.clientWidth, innerHeight];
        const [wide, high] = [box.offsetWidth, box.offsetHeight];
        let spot = { x: (width - wide) / 2, y: (height - high) / 2 };
        if (at) {
            const all = sides(at, wide, high, 16);
            const fits = ({ x, y, tipX, tipY, isBeside }) =>
                holds(tipX, 0, width) &&
                holds(tipY, 0, height) &&
                (isBeside ? holds(x, wide, width) : holds(y, high, height));
            spot = order.map((side) => all[side]).find(fits) ?? { ...all.below, tipX: null };
        }
        const left = clamp(spot.x, 8, Math.max(8, width - wide - 8));
        const top = clamp(spot.y, 8, Math.max(8, height - high - 8));
        set(box, { left, top });
        holder.toggleAttribute("data-tip", spot.tipX != null);
        if (spot.tipX == null) return;
        // Clear of the rounded corners.
        const inset = 20;
        set(holder, {
            "--x": spot.isBeside ? spot.tipX : clamp(spot.tipX, left + inset, left + wide - inset),
            "--y": spot.isBeside ? clamp(spot.tipY, top + inset, top + high - inset) : spot.tipY,
        });
        holder.style.setProperty("--turn", `${spot.turn}deg`);
    };

    // One client's guidance in this page. `update(items)` takes the items that apply now; none removes everything.
    const open = ({ partner, id, items: first, isCurrent, language }) => {
        const full = (name) => `waymark/${partner}/${id}/${name}`;
        // What storage refuses lasts as long as the page.
        const memory = new Map();
        const stored = (area, name) => {
            try {
                const value = globalThis[area].getItem(full(name));
                if (value) return value;
            } catch {}
            return memory.get(name) ?? "";
        };
        const store = (area, name, value) => {
            memory.set(name, value);
            try {
                if (value) globalThis[area].setItem(full(name), value);
                else globalThis[area].removeItem(full(name));
            } catch {}
        };

        const closed = new Set();
        const seen = () => stored("localStorage", "seen").split("\n").filter(Boolean);
        const see = ({ id }) => {
            closed.add(id);
            store("localStorage", "seen", [...new Set([...seen(), id])].join("\n"));
        };
        const finish = ({ id }, value = "1") => store("localStorage", `done/${id}`, value);
        // Items name one another within their solution, whose id stands before theirs in standard content.
        const named = (name, { id }) => [id.slice(0, id.lastIndexOf("/") + 1) + name, name];
        const isDone = (item) => {
            const ids = item.done?.kind === "finished" ? named(item.done.item, item) : [item.id];
            return ids.some((id) => stored("localStorage", `done/${id}`));
        };
        const isWanted = (item) => {
            const isCard = item.kind === "shoutOut" || item.kind === "survey";
            const show = item.display?.show ?? (isCard ? "once" : "always");
            if (isCard && closed.has(item.id)) return false;
            return show === "always" || !(isDone(item) || (show === "once" && seen().includes(item.id)));
        };

        let [, step = 0, walk = ""] = /^(\d+) (.+)$/.exec(stored("sessionStorage", "walk")) ?? [];
        const go = (number, item) => {
            moves = !!item;
            step = number;
            walk = item;
            store("sessionStorage", "walk", item && `${number} ${item}`);
        };
        const hide = () => store("sessionStorage", "hidden", "1");

        // `asked` is the card that a person has called for, `tip` the open one; `moves` sends the focus to what opens.
        let items, wasCurrent, lang, label, guide, news, target, frame, timer, came, home, back, leaving, attended;
        let [isOpen, isThanked, moves] = [false, false, false];
        let [asked, tip] = ["", ""];
        let [shown, entries, tasks, ticks, spots] = [[], [], [], [], []];
        const say = (text) => text[lang] ?? text.en;
        const tongue = (text) => (Object.hasOwn(text, lang) ? lang : "en");

        const host = element("div", { "data-waymark-client": id });
        const root = host.attachShadow({ mode: "open" });
        const live = element("div", { class: "news", "aria-live": "polite" });
        const dock = element("div", { class: "dock" }, live);
        const beside = element("section", {});
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        root.adoptedStyleSheets = [sheet];
        root.append(beside, dock);

        // What is on show, by slot; built again only when its key changes. What cannot be built is left out.
        const keys = {};
        const parts = {};
        const attempt = (build, item) => {
            try {
                return build(item);
            } catch {}
        };
        const put = (slot, key, build) => {
            if (keys[slot] === key) return;
            parts[slot]?.remove();
            keys[slot] = key;
            parts[slot] = key ? attempt(build) : null;
        };

        // Wraps what a person does: checked first, shown afterwards.
        const act = (change) => (event) => {
            try {
                if (isCurrent()) change(event);
                refresh();
            } catch {}
        };
        const focus = (node) => node && node.focus({ preventScroll: true });
        const firstIn = (node) =>
            node &&
            (node.querySelector(".primary:not(:disabled)") ??
                node.querySelector(":is(.list, .asks) :is(button, a, input:enabled, textarea)") ??
                node.querySelector("button"));
        // The focus is never left on nothing: it goes to what has come instead, else to where it came from.
        const settle = (slot) => {
            const before = slot === "panel" ? [] : [back, came];
            for (const node of [firstIn(parts[slot]), ...before, parts.bar?.firstChild, home]) {
                if (node?.isConnected) focus(node);
                if (root.activeElement || (node && node === document.activeElement)) break;
            }
            back = null;
        };

        // Where choosing an item leads: to an address, or to itself; to nothing where the item is missing or may not.
        const way = (item) => {
            const { kind, path, action } = item ?? {};
            const isHere = kind === "shuttle";
            const isLink = kind === "resource" && action.kind === "open";
            const href = isHere ? address(path, location.href) : isLink && address(action.url);
            if (href) return { item, href, isHere };
            return !isLink && ["walkThru", "shoutOut", "survey", "resource"].includes(kind) && { item };
        };
        const lead = (action, from) => {
            const href = action?.kind === "open" && address(action.url);
            return href ? { href } : way(action && shown.find(({ id }) => named(action.item, from).includes(id)));
        };
        const start = (item) => {
            [home, came, back] = [came ?? home, null, root.activeElement];
            [isOpen, isThanked, moves] = [false, false, true];
            [asked, tip] = ["", ""];
            if (item.kind === "walkThru") go(0, item.id);
            else asked = item.id;
            if (item.kind === "resource") finish(item);
        };

        const button = (text, name, change, more) =>
            element("button", { type: "button", class: name, click: act(change), ...more }, text);
        // What leads somewhere: a link to an address, else a button; `used` comes before what it starts.
        const control = (way, text, name, more, used) => {
            const { item, href, isHere } = way || {};
            const change = () => {
                used?.();
                if (item) (href ? finish : start)(item);
            };
            const attributes = { lang: tongue(text), ...more };
            if (!href) return button(say(text), name, change, attributes);
            const here = isHere ? { target: "_self", rel: null } : {};
            return link(href, say(text), { class: `button ${name}`, click: act(change), ...here, ...attributes });
        };
        const phrase = (name, text, attributes) => element(name, { lang: tongue(text), ...attributes }, say(text));
        const about = (item) => ({ "data-waymark-item": item?.id, "data-waymark-kind": item?.kind });
        const box = (name, item, title, close, text, ...rest) => {
            const heading = phrase("h2", title, { id: `${name}-title` });
            const said = text && element("div", { id: `${name}-text`, lang: tongue(text) }, ...prose(say(text)));
            const cross = button("×", "close", close, { "aria-label": name === "tip" ? label.hide : label.close });
            return element(
                "section",
                {
                    class: `box ${name}`,
                    role: "dialog",
                    "aria-labelledby": heading.id,
                    "aria-describedby": said?.id,
                    ...about(item),
                },
                element("div", { class: "head" }, heading, cross),
                said,
                ...rest,
            );
        };
        const foot = (...children) => element("div", { class: "foot" }, ...children);

        // Cards: announcements, surveys, articles; one at a time.

        const closeCard = () => {
            see(news);
            [asked, isThanked] = ["", false];
        };
        const buildCard = () => {
            const { kind, title, text, thanks, action } = news;
            if (isThanked) {
                return box("card", news, title, closeCard, thanks, foot(button(label.close, "primary", closeCard)));
            }
            if (kind === "survey") return buildSurvey();
            if (kind === "resource") return box("card", news, title, closeCard, action.text);
            const name = news.button ?? { [lang]: label.ok };
            const used = () => {
                finish(news);
                closeCard();
            };
            const ok = control(lead(action, news), name, "primary", {}, used);
            return box("card", news, title, closeCard, text, foot(ok));
        };

        const buildSurvey = () => {
            const { title, text, questions } = news;
            const send = button(label.send, "primary", answer, { disabled: "" });
            const fields = questions.map(({ kind, label: asks, from, to, options = [], many }, at) => {
                const name = `q${at}`;
                const pick = (value, text) => {
                    const input = element("input", { type: many ? "checkbox" : "radio", name, value });
                    return element("label", {}, input, text);
                };
                const length = kind === "rating" ? to - from + 1 : 0;
                const area = { name, "aria-label": say(asks), rows: 3, maxlength: 2000, autocomplete: "off" };
                const fields = [
                    ...Array.from({ length }, (_, index) => pick(from + index, element("span", {}, from + index))),
                    ...options.map((option, index) => pick(index, phrase("span", option))),
                    ...(kind === "words" ? [element("textarea", area)] : []),
                ];
                return element("fieldset", { class: kind }, phrase("legend", asks), ...fields);
            });
            const input = act(() => (send.disabled = answers().every((answer) => answer === null)));
            const asks = element("div", { class: "asks", input }, ...fields);
            return box("card", news, title, closeCard, text, asks, foot(send));
        };
        // By question: a rating's number; the place, from 0, of the option chosen, or a list of such; words; else null.
        const answers = () =>
            news.questions.map(({ kind, many }, at) => {
                const fields = [...parts.card.querySelectorAll(`[name=q${at}]`)];
                if (kind === "words") return fields[0].value.trim() || null;
                const chosen = fields.filter((field) => field.checked).map((field) => Number(field.value));
                return many && chosen.length ? chosen : (chosen[0] ?? null);
            });
        const answer = () => {
            const detail = { partner, systemClientId: id, item: news.id, answers: answers() };
            finish(news);
            if (news.thanks) [asked, isThanked, moves] = [news.id, true, true];
            else closeCard();
            document.dispatchEvent(new CustomEvent("waymark:survey", { detail }));
        };

        // The dock: a button that opens a panel with the tasks and with all that can be chosen.

        const toggle = () => (moves = isOpen = !isOpen);
        const buildBar = (count) =>
            element(
                "aside",
                { class: "bar", "aria-label": label.guides },
                button(`${label.guides} (${count})`, "launcher", toggle),
                button("×", "close", hide, { "aria-label": `${label.hide}: ${label.guides}` }),
            );
        const buildEntry = (item) => {
            const { title, summary } = item;
            const entry = control(way(item), title, "entry");
            if (summary) entry.append(phrase("small", summary));
            return element("li", about(item), entry);
        };
        const buildTask = (item) => {
            const { title, text, done } = item;
            const tick = ({ target }) => finish(item, target.checked ? "1" : "");
            const disabled = done && done.kind !== "ticked" ? "" : null;
            const input = element("input", { type: "checkbox", change: act(tick), disabled });
            const to = lead(item.start && { item: item.start }, item);
            const name = { "aria-label": `${label.start}: ${say(title)}` };
            ticks.push([input, item]);
            return element(
                "li",
                { class: "task", ...about(item) },
                element("label", {}, input, phrase("span", title)),
                text && element("div", { lang: tongue(text) }, ...prose(say(text))),
                to ? control(to, { [lang]: label.start }, "start", name) : "",
            );
        };
        const buildPanel = (todo) => {
            ticks = [];
            const list = (items, build) => element("ul", { class: "list" }, ...items.map(build));
            const tasked = () => [
                element("div", { class: "tasks" }, element("h3", {}, label.tasks), element("span", {})),
                list(todo, buildTask),
            ];
            return box(
                "panel",
                null,
                { [lang]: label.guides },
                toggle,
                null,
                ...(tasks.length ? tasked() : []),
                entries.length ? list(entries, buildEntry) : null,
            );
        };
        const fillPanel = () => {
            for (const [input, item] of ticks) input.checked = isDone(item);
            const count = parts.panel.querySelector(".tasks span");
            if (count) count.textContent = `${tasks.filter(isDone).length} ${label.of} ${tasks.length}`;
        };

        // Guides.

        const end = () => {
            see(guide);
            go(0, "");
        };
        const buildWalk = () => {
            const { title, text } = guide.steps[step];
            const count = guide.steps.length;
            const isLast = step + 1 === count;
            const bottom = foot(element("span", { class: "count" }, `${step + 1} / ${count}`));
            if (step) bottom.append(button(label.back, "back", () => go(step - 1, walk)));
            const next = () => {
                if (!isLast) return go(step + 1, walk);
                finish(guide);
                end();
            };
            bottom.append(button(isLast ? label.done : label.next, "primary", next));
            target = null;
            const balloon = box("balloon", guide, title, end, text, bottom);
            return element("div", { class: "walk arrow" }, element("div", { class: "ring" }), balloon);
        };

        // Beside elements of the page: launchers, and tips, behind a mark or at the field that has the focus.

        const putAway = (item) => {
            see(item);
            tip = "";
            store("sessionStorage", `away/${item.id}`, "1");
        };
        const buildLauncher = (item) => {
            const { label: name, action } = item;
            const more = { "aria-label": `${label.hide}: ${say(name)}` };
            return element(
                "div",
                { class: "side bar", ...about(item) },
                control(lead(action, item), name, "go", {}, () => finish(item)),
                button("×", "close", () => putAway(item), more),
            );
        };
        const closeTip = () => {
            const { item, node } = spots.find(({ item }) => item.id === tip);
            if (node.contains(root.activeElement)) focus(node.firstChild);
            see(item);
            finish(item);
            tip = "";
        };
        const buildHint = (item) => {
            const { id, label: name, on } = item;
            // A field's own description is the page's; a live region says the tip all the same.
            if (on === "focus") {
                return element("div", { class: "side", ...about(item) }, element("div", { "aria-live": "polite" }));
            }
            const enter = act(() => {
                clearTimeout(leaving);
                tip = id;
            });
            const left = act(() => {
                if (tip === id && !node.matches(":hover, :focus-within")) tip = "";
            });
            const leave = () => {
                clearTimeout(leaving);
                leaving = setTimeout(left, 300);
            };
            const events = { pointerenter: enter, focusin: enter, pointerleave: leave, focusout: leave };
            const title = name ?? { [lang]: label.help };
            const more = { "aria-label": say(title), lang: tongue(title) };
            const mark = element(
                "button",
                { type: "button", class: "mark", click: enter, "aria-describedby": "tip-text", ...more },
                "?",
            );
            const node = element("div", { class: "side", ...about(item), ...events }, mark, element("div", {}));
            return node;
        };
        const buildSpot = (item) => (item.kind === "launcher" ? buildLauncher : buildHint)(item);
        const buildTip = ({ item, node }) => {
            const close = () => {
                finish(item);
                putAway(item);
            };
            node.lastChild.className = "arrow";
            const title = item.label ?? { [lang]: label.help };
            return node.lastChild.appendChild(box("tip", item, title, close, item.text));
        };
        const attend = () => {
            const now = document.activeElement;
            if (now === attended || now === host) return;
            attended = now;
            const held = spots.filter(({ item }) => item.on === "focus");
            const found = held.find(({ target }) => target?.contains(now));
            const before = tip;
            if (found) tip = found.item.id;
            else if (held.some(({ item }) => item.id === tip)) tip = "";
            if (tip !== before) refresh();
        };

        // A place is free where nothing lies that people use, and no other of these.
        const inUse = "a, button, input, select, textarea, summary, [contenteditable], [tabindex='0'], [role=button]";
        const isFree = ({ x, y }, wide, high, spot) => {
            for (const { node } of spots) {
                const { left, right, top, bottom } = node.getBoundingClientRect();
                if (node !== spot.node && x < right && left < x + wide && y < bottom && top < y + high) return false;
            }
            return [[0.5, 0.5], [0, 0], [1, 0], [0, 1], [1, 1]].every(([right, down]) => {
                const found = document.elementsFromPoint(x + wide * right, y + high * down);
                return !found.find((node) => node !== host)?.closest(inUse);
            });
        };
        const placeSpot = (spot, isSought) => {
            const { node, item, target } = spot;
            const isOff = !!guide || !target?.isConnected || clipped.has(target);
            const isLost = isOff && node.contains(root.activeElement);
            node.hidden = isOff;
            if (isLost) settle();
            if (isOff || item.on === "focus") return;
            const [width, height] = [document.documentElement.clientWidth, innerHeight];
            const [wide, high] = [node.offsetWidth, node.offsetHeight];
            const at = target.getBoundingClientRect();
            const all = sides(at, wide, high, 6);
            all.above.x = all.below.x = at.right - wide;
            // Of what is high, such as a table, beside the top.
            all.right.y = all.left.y = at.top + (Math.min(at.height, 48) - high) / 2;
            if (isSought) {
                const order = [item.side ?? "right", "right", "above", "below", "left"].filter((side) => {
                    const { x, y, isBeside } = all[side];
                    return holds(x, wide, width) && (isBeside || holds(y, high, height));
                });
                spot.side = order.find((side) => isFree(all[side], wide, high, spot)) ?? order[0] ?? "right";
            }
            const { x, y } = all[spot.side];
            set(node, { left: clamp(x, 0, width - wide), top: y });
        };
        const arrange = (isSought) => {
            if (parts.walk) {
                const [ring, balloon] = parts.walk.children;
                const at = target?.getBoundingClientRect();
                if (at) set(ring, { left: at.left - 5, top: at.top - 5, width: at.width + 10, height: at.height + 10 });
                ring.toggleAttribute("data-on", !!at);
                stand(parts.walk, balloon, at, ["below", "above", "right", "left"]);
            }
            for (const spot of spots) placeSpot(spot, isSought);
            if (!parts.tip) return;
            const spot = spots.find(({ item }) => item.id === tip);
            const at = spot.item.on === "focus" ? spot.target : spot.node.firstChild;
            stand(parts.tip.parentNode, parts.tip, at?.getBoundingClientRect(), ["right", "left", "below", "above"]);
        };

        // Pages draw late and move things: looked at again a few times a second, while anything stands beside them.
        const seek = () => {
            try {
                if (!isCurrent()) return refresh();
                if (guide) {
                    const before = target;
                    target = find(guide.steps[step], before);
                    if (target && target !== before) reveal();
                }
                for (const spot of spots) {
                    spot.target = find(spot.item, spot.target);
                    if (spot.target) eye.observe(spot.target);
                }
                attend();
                arrange(true);
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
                    arrange();
                } catch {}
            });
        };
        // Knows what has been scrolled out of sight, also within a part of the page.
        const clipped = new WeakSet();
        const eye = new IntersectionObserver((changes) => {
            for (const { target, isIntersecting } of changes) clipped[isIntersecting ? "delete" : "add"](target);
            moved();
        });
        const follow = (on) => {
            if (on === !!timer) return;
            clearInterval(timer);
            timer = on ? setInterval(seek, 300) : 0;
            if (!on) eye.disconnect();
            const listen = on ? addEventListener : removeEventListener;
            listen("resize", moved);
            listen("scroll", moved, { capture: true, passive: true });
            listen("focusin", seek, true);
        };

        // Heard before the page, so that Escape always closes; kept from the page only when the focus is here.
        const escape = (event) => {
            if (event.key !== "Escape" || event.isComposing) return;
            const close = parts.tip ? closeTip : parts.walk ? end : isOpen ? toggle : parts.card ? closeCard : null;
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
        // The page's shortcuts, focus traps and "click outside" handlers are not meant for what happens in here, nor is
        // what people write here meant for the page.
        const own = "focusin pointerdown mousedown click keydown keypress keyup beforeinput input paste";
        for (const type of own.split(" ")) host.addEventListener(type, (event) => event.stopPropagation());

        const refresh = () => {
            const focused = root.activeElement;
            const from = Object.keys(parts).find((slot) => parts[slot]?.contains(focused));

            lang = language();
            label = labels[lang];
            host.lang = lang;
            beside.setAttribute("aria-label", label.help);

            wasCurrent = isCurrent();
            shown = wasCurrent ? items : [];
            const wanted = (...kinds) => shown.filter((item) => kinds.includes(item.kind) && isWanted(item));
            guide = shown.find((item) => item.kind === "walkThru" && item.id === walk);
            if (guide) step = Math.min(step, guide.steps.length - 1);
            const called = shown.find((item) => item.id === asked);
            if (!called) [asked, isThanked] = ["", false];
            news = !guide && (called ?? wanted("shoutOut", "survey")[0]);

            entries = wanted("walkThru", "resource", "shuttle").filter(way);
            tasks = shown.filter((item) => item.kind === "task");
            const todo = tasks.filter(isWanted);
            const count = entries.length + todo.length;
            const isOffered = !guide && !stored("sessionStorage", "hidden") && !!count;
            isOpen &&= isOffered;
            const listed = [...entries, ...todo, ...shown].map((item) => item.id);

            const before = spots;
            spots = wanted("launcher", "smartTip").filter((item) => {
                const isAway = stored("sessionStorage", `away/${item.id}`);
                return !isAway && (item.kind === "smartTip" || lead(item.action, item));
            });
            const kept = (item) => before.find((spot) => spot.item === item && spot.lang === lang) ?? { item, lang };
            spots = spots.map(kept).filter((spot) => (spot.node ??= attempt(buildSpot, spot.item)));
            for (const spot of before) if (!spots.includes(spot)) spot.node.remove();
            for (const { node } of spots) if (!node.parentNode) beside.append(node);
            const open = !guide && spots.find(({ item }) => item.id === tip);

            const isNew = guide && !parts.walk;
            put("bar", isOffered && `${lang} ${count}`, () => dock.insertBefore(buildBar(count), live));
            put("panel", isOpen && `${lang} ${listed}`, () => dock.insertBefore(buildPanel(todo), live));
            put("card", news && `${lang} ${news.id} ${isThanked}`, () => live.appendChild(buildCard()));
            put("walk", guide && `${lang} ${step} ${guide.id}`, () => root.appendChild(buildWalk()));
            put("tip", open && `${lang} ${tip}`, () => buildTip(open));
            if (parts.bar) parts.bar.firstChild.setAttribute("aria-expanded", isOpen);
            if (parts.panel) fillPanel();

            const any = Object.values(parts).some(Boolean) || !!spots.length;
            if (!any) host.remove();
            else if (!host.isConnected) {
                // Another client's may be in the page.
                host.removeAttribute("id");
                if (!document.getElementById("waymark-root")) host.id = "waymark-root";
                document.documentElement.append(host);
            }
            (any ? addEventListener : removeEventListener)("keydown", escape, true);
            follow(!!guide || !!spots.length);
            const opened = moves && (parts.walk ?? (isOpen ? parts.panel : parts.card));
            moves = false;
            // A guide that goes on after a page load takes the focus only where nobody is using it.
            const isIdle = [null, document.body].includes(document.activeElement);
            if (opened || (isNew && isIdle)) focus(firstIn(opened || parts.walk));
            // Also shows and hides what may have the focus.
            if (timer) seek();
            if (focused && !root.activeElement && !opened) settle(from);
        };

        const update = (now) => {
            try {
                const isLost = (Object.values(parts).some(Boolean) || spots.length) && !host.isConnected;
                if (now === items && isCurrent() === wasCurrent && language() === lang && !isLost) return;
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
