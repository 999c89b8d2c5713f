// Jena with TDB2: java -cp JARS Peers.java DATABASE OUT SECONDS QUESTION...
import com.sun.management.OperatingSystemMXBean;
import java.io.FileOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.jena.query.Dataset;
import org.apache.jena.query.QueryExecution;
import org.apache.jena.query.QueryExecutionFactory;
import org.apache.jena.query.ReadWrite;
import org.apache.jena.query.ResultSetFormatter;
import org.apache.jena.tdb2.TDB2Factory;

public class Peers {
  static double spent() {
    var bean = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return bean.getProcessCpuTime() / 1e9;
  }

  public static void main(String[] words) throws Exception {
    Dataset dataset = TDB2Factory.connectDataset(words[0]);
    for (int i = 3; i < words.length; i++) {
      String text = Files.readString(Path.of(words[i]));
      ask(dataset, text, words[1]);
      double began = spent();
      int count = 0;
      while (count == 0 || spent() - began < Double.parseDouble(words[2])) {
        ask(dataset, text, words[1]);
        count++;
      }
      String name = Path.of(words[i]).getFileName().toString().replace(".rq", "");
      long rows;
      try (var lines = Files.lines(Path.of(words[1]))) {
        rows = lines.count() - 1;
      }
      System.out.println(name + " " + (spent() - began) / count + " " + rows);
    }
  }

  static void ask(Dataset dataset, String text, String out) throws Exception {
    dataset.begin(ReadWrite.READ);
    try (QueryExecution asked = QueryExecutionFactory.create(text, dataset);
        FileOutputStream file = new FileOutputStream(out)) {
      ResultSetFormatter.outputAsCSV(file, asked.execSelect());
    } finally {
      dataset.end();
    }
  }
}
