// An aggregated API server on k8s.io/apiserver, with its whole chain of handlers. Its one API asks a backend that takes
// longer than a request may: each request is answered with 504 Gateway Timeout.
//
// Use: apiserver PORT REQUEST_TIMEOUT BACKEND_TIME
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/options"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("use: apiserver PORT REQUEST_TIMEOUT BACKEND_TIME")
	}
	port, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	requestTimeout, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	backendTime, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	config, err := configure(port)
	if err != nil {
		return err
	}
	config.RequestTimeout = requestTimeout
	server, err := config.Complete(nil).New("reports", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return err
	}
	server.Handler.NonGoRestfulMux.HandleFunc("/apis/reports.example.com/v1/reports", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(backendTime)
		fmt.Fprintln(w, `{"kind":"ReportList"}`)
	})
	return server.PrepareRun().Run(genericapiserver.SetupSignalHandler())
}

func configure(port int) (*genericapiserver.Config, error) {
	config := genericapiserver.NewConfig(serializer.NewCodecFactory(runtime.NewScheme()))
	loopback := net.IPv4(127, 0, 0, 1)
	serving := options.NewSecureServingOptions()
	serving.BindAddress, serving.BindPort = loopback, port
	serving.ServerCert.CertDirectory = "" // in memory
	if err := serving.MaybeDefaultWithSelfSignedCerts("localhost", nil, []net.IP{loopback}); err != nil {
		return nil, err
	}
	err := serving.WithLoopback().ApplyTo(&config.SecureServing, &config.LoopbackClientConfig)
	config.PublicAddress = loopback
	return config, err
}
