# One static binary and nothing else. Build: docker build --build-arg VERSION=$(git describe --tags) .

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local
# Modules first: this layer stays while only our own source changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /image/custodex ./cmd/custodex
# What a program may expect around it: a user to be, authorities to trust, somewhere to write.
RUN mkdir -p /image/etc/ssl/certs /image/tmp /data \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && echo 'custodex:x:65532:65532::/data:/nowhere' > /image/etc/passwd \
 && echo 'custodex:x:65532:' > /image/etc/group \
 && chmod 1777 /image/tmp

FROM scratch
COPY --from=build /image/ /
# A new volume takes its owner from the folder in the image.
COPY --from=build --chown=65532:65532 --chmod=0700 /data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
# 8080 speaks to applications, 8081 to operators only.
EXPOSE 8080 8081
ENTRYPOINT ["/custodex"]
CMD ["serve", "--data", "/data", "--addr", ":8080", "--manage-addr", ":8081"]
