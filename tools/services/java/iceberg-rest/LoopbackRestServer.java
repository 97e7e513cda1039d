// SPDX-License-Identifier: Apache-2.0
package org.apache.iceberg.rest;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.catalog.Catalog;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;

/**
 * Iceberg's reference REST catalog on loopback only: its own main, RESTCatalogServer, listens on every address and shares
 * its port with whoever asks. It lives in Iceberg's package because the adapter is visible only there.
 */
public final class LoopbackRestServer {
  public static void main(String[] arguments) throws Exception {
    Map<String, String> properties = RCKUtils.environmentCatalogConfig();
    Catalog catalog = CatalogUtil.buildIcebergCatalog("rest_backend", properties, new Configuration());
    RESTCatalogAdapter adapter =
        new RESTServerCatalogAdapter(new RESTCatalogServer.CatalogContext(catalog, properties));

    ServletContextHandler servlets = new ServletContextHandler();
    servlets.addServlet(new ServletHolder(new RESTCatalogServlet(adapter)), "/*");
    int port = Integer.parseInt(System.getenv("REST_PORT"));
    Server server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    server.setHandler(servlets);
    server.start();
    server.join();
  }
}
