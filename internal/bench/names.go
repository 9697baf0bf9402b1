package bench

import "strings"

// A culture is a stock of names with its share of all customers. Names stand in
// order of frequency. Stems and endings make the long tail of rare family names.
type culture struct {
	share         int // percent
	dial          string
	first, last   []string
	stems, ends   []string
	handles       []string // for mail addresses, where the script is not Latin
	tail, doubled int      // percent: family names of the tail; two first names
}

func words(s string) []string { return strings.Fields(s) }

var cultures = []culture{
	{share: 29, dial: "+1", tail: 35, doubled: 3,
		first: words(`James Mary Michael Patricia Robert Jennifer John Linda David Elizabeth William Barbara Richard
			Susan Joseph Jessica Thomas Karen Christopher Sarah Charles Lisa Daniel Nancy Matthew Sandra Anthony Betty
			Mark Ashley Steven Emily Paul Kimberly Andrew Margaret Joshua Donna Kenneth Michelle Kevin Carol Brian
			Amanda George Melissa Timothy Deborah Ronald Stephanie Jason Rebecca Edward Laura Jeffrey Helen Ryan Amy
			Jacob Anna Nicholas Emma Eric Olivia Jonathan Sophia Grace Noah Ella Liam Zoe Owen Ruby Felix Quentin`),
		last: words(`Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Thomas Taylor Moore Jackson Martin
			Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Baker
			Nelson Hall Campbell Mitchell Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart Morris
			Murphy Cook Rogers Morgan Cooper Reed Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson Brooks
			Bennett Gray Hughes Price Myers Long Foster Sanders Ross O'Brien O'Neill McDonald Smith-Jones`),
		stems: words(`Ash Black Brad Clay Cran Dun East Fair Fen Gran Hart Hol Kin Lang Nor Oak Pem Rad Stan Thorn
			Under West Wex Yar`),
		ends: words(`ford ton ley worth field well man ham combe dale bury ridge wick stone mont`)},
	{share: 20, dial: "+34", tail: 30, doubled: 18,
		first: words(`María José Juan Ana Luis Carmen Carlos Laura Antonio Marta Francisco Lucía Manuel Sofía Pedro
			Paula Jesús Elena Javier Andrea Miguel Sara Ángel Rosa Rafael Isabel Fernando Daniela Diego Valentina
			Pablo Camila Sergio Mariana Jorge Gabriela Ramón Verónica Andrés Óscar Inés Raúl Begoña Iñaki João
			Conceição Luísa Tomás`),
		last: words(`García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Hernández
			Ruiz Díaz Moreno Muñoz Álvarez Romero Gutiérrez Alonso Navarro Torres Domínguez Ramos Vázquez Ramírez Gil
			Serrano Morales Molina Blanco Suárez Castro Ortega Delgado Ortiz Marín Rubio Núñez Medina Silva Santos
			Oliveira Souza Pereira Costa Carvalho Araújo`),
		stems: words(`Alar Ben Cab Car Es Fuent Gal Her Lar Mend Mont Oliv Pal Quint San Tor Urr Vald Zab`),
		ends:  words(`án era ero eda illo osa ano ante uela oria adas ez arte ona`)},
	{share: 14, dial: "+49", tail: 40, doubled: 4,
		first: words(`Thomas Anna Michael Maria Andreas Sabine Stefan Monika Peter Petra Jürgen Ursula Wolfgang Renate
			Klaus Karin Günther Brigitte Jörg Bärbel Uwe Käthe Lukas Lena Jonas Mia Sören Łukasz Agnieszka Paweł
			Małgorzata Björn Åsa Jiří François Élodie Chloé Noël Đorđe İbrahim Ayşe Işıl Çağlar Ömer Nguyễn`),
		last: words(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
			Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hartmann Lange Weiß Großmann Kowalski
			Wiśniewski Wójcik Novák Dvořák Dupont Lefèvre Moreau Rossi Bianchi Yılmaz Kaya Demir Şahin Öztürk Jørgensen
			Sørensen Håkansson Þórsson Bošković`),
		stems: words(`Alt Berg Brand Dorn Eber Frei Gold Grün Haber Kirch Krumm Licht Neu Ober Reich Schön Stein Unter
			Vogel Wald Zieg`),
		ends: words(`mann bach berger hofer huber meier schmidt ner ling feld haus hardt egger ler`)},
	{share: 14, dial: "+91", tail: 35, doubled: 6,
		first: words(`Rahul Priya Amit Anjali Raj Sunita Vijay Ananya Sanjay Kavita Arjun Pooja Rohan Neha Anand Divya
			Suresh Lakshmi Ramesh Deepa Mohammed Fatima Imran Ayesha Kiran Shreya Manish Nandini Ganesh Swati Chinedu
			Ngozi Emeka Amaka Kwame Akosua Wanjiru Otieno`),
		last: words(`Kumar Singh Sharma Patel Gupta Khan Das Reddy Shah Yadav Mehta Nair Iyer Rao Joshi Verma Mishra
			Chopra Banerjee Mukherjee Bose Pillai Menon Desai Kapoor Malhotra Ansari Ahmed Ali Hussain Okafor Adeyemi
			Mensah Kamau Odhiambo`),
		stems: words(`Aga Bhat Chan Deva Gan Hari Jaya Kana Laksh Maha Nan Raja Sam Tiru Uma Vasu Yoga`),
		ends:  words(`wala nathan krishnan swamy murthy gopal raman charya kar pathi lingam nandan`)},
	{share: 8, dial: "+86", tail: 5, doubled: 0,
		first: words(`伟 芳 娜 秀英 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 桂英 建国 晓东 さくら 健太 美咲 翔太 陽菜 大輔
			민준 서연 지훈 서현 유진`),
		last:    words(`王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 高 林 罗 佐藤 鈴木 高橋 田中 伊藤 渡辺 김 이 박 최 정`),
		stems:   words(`欧 司 上 诸 东`),
		ends:    words(`阳 马 官 葛 方`),
		handles: words(`wei fang na min jing li qiang lei jun yang yong kenta misaki minjun seoyeon`)},
	{share: 9, dial: "+380", tail: 35, doubled: 0,
		first: words(`Александр Елена Сергей Ольга Дмитрий Наталья Андрей Анна Алексей Мария Максим Ирина Иван Светлана
			Артём Юлия Николай Татьяна Олександр Оксана Σοφία Γεώργιος Μαρία Νίκος Ελένη`),
		last: words(`Иванов Смирнова Кузнецов Попова Васильев Петрова Соколов Михайлова Новиков Фёдорова Морозов
			Волкова Шевченко Коваленко Παπαδόπουλος Γεωργίου Νικολάου Παπαδάκη`),
		stems:   words(`Бел Бор Гор Дуб Жар Зай Кол Лис Мас Ник Пан Руд Сав Тим Фил Шар`),
		ends:    words(`ов ова ин ина ский ская енко ук ев ева`),
		handles: words(`alex elena sergey olga dmitry natalia ivan anna maxim georgios sofia`)},
	{share: 6, dial: "+20", tail: 10, doubled: 0,
		first:   words(`محمد فاطمة أحمد عائشة علي مريم عمر خديجة يوسف زينب إبراهيم سارة משה שרה דוד רחל יוסף`),
		last:    words(`العلي الأحمد حسين الخطيب المصري حداد النجار السيد الشريف عبدالله כהן לוי מזרחי פרץ ביטון`),
		stems:   words(`الرا الحا الما السا`),
		ends:    words(`شد مد لك جد ضي وي`),
		handles: words(`mohammed fatima ahmed aisha ali mariam omar yousef moshe sara david`)},
}

var mailHosts = words(`gmail.com yahoo.com hotmail.com outlook.com icloud.com qq.com gmx.de mail.ru web.de live.com aol.com
	protonmail.com naver.com orange.fr yahoo.co.in rediffmail.com libero.it uol.com.br free.fr wp.pl`)

var emoji = words(`🌸 🌻 ✨ 🦊 ❤️ 👩‍💻`)
