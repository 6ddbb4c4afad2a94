// Own is a plugin for lura by another author, in a module of its own.
package main

import (
	"context"
	"net/http"

	"github.com/luraproject/lura/v2/config"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// HandlerRegisterer is what lura looks up.
var HandlerRegisterer = registerer("own")

type registerer string

func (r registerer) RegisterHandlers(f func(
	name string,
	handler func(context.Context, map[string]interface{}, http.Handler) (http.Handler, error),
)) {
	f(cases.Title(language.English).String(string(r)), r.registerHandlers)
}

func (registerer) registerHandlers(_ context.Context, extra map[string]interface{}, h http.Handler) (http.Handler, error) {
	_ = config.ExtraConfig(extra)
	return h, nil
}

func main() {}
