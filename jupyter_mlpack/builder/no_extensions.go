// Package kaniko stands in for the lifecycle's image extender where it is built from source (tests/official/install, builder create):
// neither the referee nor our builder images apply image extensions, and the extender's own dependency is not on every module proxy.
package kaniko

import (
	"errors"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/buildpacks/lifecycle/internal/extend"
	"github.com/buildpacks/lifecycle/log"
)

var errNoExtensions = errors.New("this referee applies no image extensions")

// DockerfileApplier refuses.
type DockerfileApplier struct{}

// NewDockerfileApplier refuses.
func NewDockerfileApplier() (*DockerfileApplier, error) { return nil, errNoExtensions }

// ImageFor refuses.
func (*DockerfileApplier) ImageFor(string) (v1.Image, error) { return nil, errNoExtensions }

// Apply refuses.
func (*DockerfileApplier) Apply(extend.Dockerfile, v1.Image, extend.Options, log.Logger) (v1.Image, error) {
	return nil, errNoExtensions
}

// Cleanup has nothing to do.
func (*DockerfileApplier) Cleanup() error { return nil }
