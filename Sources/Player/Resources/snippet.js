// Waymark snippet: one release's guidance for the client in its URL. It acts only while the page's variable names that
// client, and loads the player only when an item applies to the page.
(() => {
    "use strict";
    try {
        const player = "__PLAYER__";
        const bundle = "__BUNDLE__";
        let content = "__CONTENT__";

        // Gone once this script has ended; an <img name="currentScript"> may stand in its place.
        const tag = document.currentScript;
        if (!(tag instanceof HTMLScriptElement)) return;
        const { nonce, src, dataset } = tag;
        const form =
            /^(https?:.+\/v1\/)(?:(?:([^/]+)\/)?(?:env\/[^/]+\/)?snippets\/([^/]+)\/([^/]+)|objects\/[^/]+)\.js$/;
        let [, root, partner = "", variable, id = ""] = form.exec(src.split(/[?#]/)[0]) ?? [];
        id = decodeURIComponent(id);
        // Placed by the page's server, by digest.
        if (!variable) ({ partner = "", systemVariable: variable, systemClientId: id } = dataset);
        if (!root || !variable || !id) return;

        // Shared by all Waymark scripts in the page; the first one makes it.
        const registry = (globalThis[Symbol.for("waymark")] ??= {
            placed: new Set(),
            policies: new Map(),
            objects: new Map(),
            players: new Map(),
            bundles: new Map(),
            bundle(digest, content) {
                this.bundles.set(digest, content);
            },
        });
        const { placed, policies, objects } = registry;
        const mark = `${partner}/${id}`;
        if (placed.has(mark)) return;
        placed.add(mark);

        // One policy per edge, for its URLs only. Where it is refused, null stays and nothing loads.
        const allow = (url) => {
            if (!policies.has(root)) {
                const rules = {
                    createScriptURL(url) {
                        const { href } = new URL(url);
                        if (href.startsWith(root)) return href;
                        throw new TypeError(href);
                    },
                };
                policies.set(root, null);
                policies.set(root, globalThis.trustedTypes?.createPolicy("waymark", rules) ?? rules);
            }
            return policies.get(root).createScriptURL(url);
        };

        const add = (url, integrity) =>
            new Promise((onload, onerror) => {
                const script = document.createElement("script");
                Object.assign(script, { async: true, crossOrigin: "anonymous", referrerPolicy: "no-referrer" });
                Object.assign(script, { src: allow(url), nonce, integrity, onload, onerror });
                (document.head ?? document.documentElement).append(script);
            });

        // Once per page; an edge that lacks an object for a moment is asked once more.
        const load = (url, integrity) => {
            const again = () => new Promise((wake) => setTimeout(wake, 2_000)).then(() => add(url, integrity));
            if (!objects.has(url)) objects.set(url, add(url, integrity).catch(again));
            return objects.get(url);
        };

        // Elements are globals too, by their id, and frames by their name: markup must not choose what is shown.
        const read = (name) => {
            try {
                let value = globalThis;
                for (const part of name.split(".")) {
                    value = value[part];
                    if (value instanceof Element || value instanceof HTMLCollection) return;
                    if (value.window === value && value !== globalThis) return;
                }
                return Number.isFinite(value) ? String(value) : value;
            } catch {}
        };
        const isCurrent = () => read(variable) === id;

        // Linear: each part is looked for once, after the one before it.
        const covers = (pattern, path) => {
            const [head, ...parts] = pattern.split("*");
            if (!parts.length) return path === head;
            const tail = parts.pop();
            if (!path.startsWith(head)) return false;
            let at = head.length;
            for (const part of parts) {
                const found = path.indexOf(part, at);
                if (found < 0) return false;
                at = found + part.length;
            }
            return path.length - at >= tail.length && path.endsWith(tail);
        };
        const isAt = (pattern) => [path, path.replace(/\/$/, "")].some((each) => covers(pattern, each));

        const language = () => {
            const spoken = String(document.documentElement.lang || navigator.language);
            return /^(?:fr|de)(?![^-_])/.exec(spoken.toLowerCase())?.[0] ?? "en";
        };
        // What is neither text, number nor boolean is in no list.
        const holds = ({ variable, is, isNot }) => {
            const value = read(variable);
            const text = typeof value === "boolean" ? String(value) : value;
            return (!is || is.includes(text)) && !(isNot && isNot.includes(text));
        };
        // Of whatever kind: the player passes over those that it does not know.
        const applies = ({ target, display: { from, until, languages, segment } = {} }) => {
            try {
                return (
                    (!target || target.paths.some(isAt)) &&
                    !(Date.parse(from) > Date.now() || Date.parse(until) <= Date.now()) &&
                    (!languages || languages.includes(language())) &&
                    (!segment || segment.every(holds))
                );
            } catch {} // what a later version says in another way is not for this one
        };

        // A task that asks for a visit is done by it also where no item is shown. The player reads this.
        const visit = ({ id, done }) => {
            try {
                if (done?.kind === "visited" && isAt(done.path)) localStorage.setItem(`waymark/${mark}/done/${id}`, 1);
            } catch {}
        };

        const url = (object) => `${root}objects/${object.path}`;
        const none = [];
        let path, asked, view;
        let applying = none;

        const check = () => {
            try {
                const current = isCurrent();
                content ??= bundle && registry.bundles.get(bundle.content);
                if (!content) {
                    if (current && bundle && !asked) ask(bundle);
                    return;
                }
                if (current) {
                    // The same list as long as nothing has changed: the player looks no further then.
                    const isNew = path !== location.pathname;
                    path = location.pathname;
                    if (isNew) content.items.forEach(visit);
                    const fitting = content.items.filter(applies);
                    const isOther = (item, at) => item !== applying[at];
                    if (isNew || fitting.length !== applying.length || fitting.some(isOther)) applying = fitting;
                }
                const items = current ? applying : none;
                if (view) return view.update(items);
                if (!items.length) return;
                const open = registry.players.get(url(player));
                if (!open) return ask(player);
                view = { update() {} }; // what fails to open is not tried again
                view = open({ partner, id, items, isCurrent, language });
            } catch {}
        };
        // What arrives is judged afresh: a late answer shows nothing that no longer holds.
        const ask = (object) => {
            if (asked === object) return;
            asked = object;
            load(url(object), object.integrity).then(check, () => {});
        };

        let timer;
        const watch = () => {
            clearInterval(timer);
            if (!document.hidden) timer = setInterval(check, 1_000);
            check();
        };
        for (const type of ["popstate", "hashchange", "pageshow"]) addEventListener(type, check);
        globalThis.navigation?.addEventListener("currententrychange", check);
        document.addEventListener("visibilitychange", watch);
        watch();
    } catch {}
})();
