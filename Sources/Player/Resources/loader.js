// Waymark loader: waits for the page's system variable and adds the one snippet that its value names.
(() => {
    "use strict";
    try {
        const variables = "__VARIABLES__";
        const giveUpAfter = 30_000;

        // Gone once this script has ended; an <img name="currentScript"> may stand in its place.
        const tag = document.currentScript;
        if (!(tag instanceof HTMLScriptElement)) return;
        const { nonce, dataset } = tag;
        const source = tag.src || new URL(dataset.src, document.baseURI).href;
        const [base, root] = /^(https?:.+\/v1\/)(?:[^/]+\/)?(?=loader\.js$)/.exec(source.split(/[?#]/)[0]) ?? [];
        if (!base) return;

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
        const { placed, policies } = registry;
        if (placed.has(base)) return;
        placed.add(base);

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

        // A tester's choice lasts for the session and comes before the tag's; an empty one ends it.
        const slot = `waymark/env/${base}`;
        let [, chosen] = /[#&]waymark-env=([\w-]{22}|)(?:&|$)/.exec(location.hash) ?? [];
        try {
            if (chosen != null) sessionStorage.setItem(slot, chosen);
            chosen = sessionStorage.getItem(slot);
        } catch {}
        const key = chosen || dataset.environmentKey;
        const environment = /^[\w-]{22}$/.test(key) ? `env/${key}/` : "";

        // Elements are globals too, by their id: markup must not choose the client.
        const read = (name) => {
            try {
                const [first, ...rest] = name.split(".");
                const start = globalThis[first];
                if (start instanceof Element || start instanceof HTMLCollection) return;
                const value = rest.reduce((at, part) => at[part], start);
                const id = Number.isFinite(value) ? String(value) : value;
                if (typeof id !== "string" || /^\s|\s$|[\/\\\p{Cc}\p{Cs}]/u.test(id)) return;
                if (new TextEncoder().encode(id).length <= 128) return id;
            } catch {}
        };

        const add = (name, id) => {
            const script = document.createElement("script");
            Object.assign(script, { async: true, crossOrigin: "anonymous", referrerPolicy: "no-referrer" });
            const url = `${base}${environment}snippets/${name}/${encodeURIComponent(id)}.js`;
            Object.assign(script, { src: allow(url), nonce });
            (document.head ?? document.documentElement).append(script);
        };

        let waited = 0;
        const attempt = () => {
            try {
                for (const name of variables) {
                    const id = read(name);
                    if (id) return add(name, id);
                }
                const pause = Math.min(Math.max(50, waited / 2), 2_000, giveUpAfter - waited);
                waited += pause;
                if (pause) setTimeout(attempt, pause);
            } catch {}
        };
        attempt();
    } catch {}
})();
