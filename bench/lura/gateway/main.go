// Gateway is lura, the engine of KrakenD, with its gin router and its three plugin loaders. It opens the plugins it is
// given, in that order, and prints what plugin.Open says of each.
package main

import (
	"fmt"
	"os"
	"plugin"

	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	modifier "github.com/luraproject/lura/v2/proxy/plugin"
	"github.com/luraproject/lura/v2/router/gin"
	client "github.com/luraproject/lura/v2/transport/http/client/plugin"
	server "github.com/luraproject/lura/v2/transport/http/server/plugin"
)

func main() {
	_ = gin.DefaultFactory(proxy.DefaultFactory(logging.NoOp), logging.NoOp)
	_ = config.ServiceConfig{}
	loaders := []any{modifier.Load, client.Load, server.Load} // linked in, as a gateway has them
	fmt.Fprintln(os.Stderr, len(loaders), "plugin loaders")
	for _, path := range os.Args[1:] {
		if _, err := plugin.Open(path); err != nil {
			fmt.Printf("error %v\n", err)
		} else {
			fmt.Println("opens")
		}
	}
}
