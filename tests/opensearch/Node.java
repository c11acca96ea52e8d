import java.io.OutputStream;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One OpenSearch node on the loopback, until its input ends: its folder, then settings (name=value) beside those here. */
public class Node {
    public static void main(String[] arguments) throws Exception {
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> {
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", "0"); // any that is free
            settings.put("transport.port", "0");
            settings.put("action.auto_create_index", "false"); // a misspelt index is a mistake, not a new one
            settings.put("cluster.routing.allocation.disk.threshold_enabled", "false"); // a full disk is the tests' own
            for (int told = 1; told < arguments.length; told++) {
                String[] setting = arguments[told].split("=", 2);
                settings.put(setting[0], setting[1]);
            }
        });
        runner.build("-basePath", arguments[0], "-numOfNode", "1", "-clusterName", "lum1-tests", "-useLogger");
        System.in.transferTo(OutputStream.nullOutputStream()); // ends with whoever started it, however that one ends
        runner.close();
        runner.clean();
        System.exit(0);
    }
}
